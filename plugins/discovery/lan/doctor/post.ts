/** The sockets of an examination: what leaves, what does not, and who answers. All are closed at the end. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { messageOf, sleep, systemClock } from '../../../../core/index.ts'
import type { Opener } from '../sockets.ts'
import type { Source } from '../voices.ts'

/** Questions, in ms from the beginning: what is lost on the way is asked again. */
const askAt = [0, 300, 1000] as const
/** Between two questions to a port that may be refused, in ms. */
const askAgainMs = 400

export type Receive = (datagram: Uint8Array, source: Source) => void

export class Post {
  readonly #sockets = new Set<Socket>()
  readonly #abort = new AbortController()

  /** For what opens sockets as a node does. */
  readonly opener: Opener = {
    net: { createSocket: (options) => this.#own(createSocket(options)) },
    log: { debug: () => undefined },
  }

  /** Asks on each of the ports, three times; `question` makes another one each time. Resolves when all has left. */
  async ask(socket: Socket, to: string, ports: readonly number[], question: () => Uint8Array): Promise<Sent> {
    const errors = new Set<string>()
    let sent = 0
    const began = systemClock.now()
    for (const at of askAt) {
      await sleep(systemClock, Math.max(0, began + at - systemClock.now()), this.#abort.signal)
      const bytes = question()
      await Promise.all(
        ports.map(async (port) => {
          const error = await send(socket, bytes, port, to)
          if (error === undefined) sent++
          else errors.add(error)
        }),
      )
    }
    return { sent, errors: [...errors] }
  }

  /**
   * Asks one port of a host until it says that nobody is there, at most for so long. Again and again, because systems limit
   * how often they say that (of Linux it is once a second to one address).
   */
  async isRefused(address: string, port: number, question: () => Uint8Array, ms: number): Promise<boolean> {
    const socket = this.#own(createSocket(address.includes(':') ? 'udp6' : 'udp4'))
    let isRefused = false
    socket.on('error', (error: NodeJS.ErrnoException) => (isRefused ||= error.code === 'ECONNREFUSED'))
    try {
      socket.connect(port, address)
      await once(socket, 'connect')
      const end = systemClock.now() + ms
      while (!isRefused && systemClock.now() < end) {
        socket.send(question(), () => undefined)
        await sleep(systemClock, Math.min(askAgainMs, ms), this.#abort.signal)
      }
    } catch {
      // Why it does not leave is told by ask().
    }
    return isRefused
  }

  close(): void {
    this.#abort.abort()
    for (const socket of this.#sockets) socket.close()
  }

  #own(socket: Socket): Socket {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    return socket
  }
}

export interface Sent {
  readonly sent: number
  readonly errors: readonly string[]
}

/** Answers why it did not leave. */
function send(socket: Socket, bytes: Uint8Array, port: number, address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    try {
      socket.send(bytes, port, address, (error) => {
        resolve(error === null ? undefined : ((error as NodeJS.ErrnoException).code ?? error.message))
      })
    } catch (error) {
      resolve(messageOf(error))
    }
  })
}
