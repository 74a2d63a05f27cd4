/**
 * One client of the socket: its lines become requests, answered as they are ready. Whoever sends more than is answered,
 * or does not read the answers, is not read from meanwhile. Whoever ends its side has hung up.
 */
import { setMaxListeners } from 'node:events'
import type { Socket } from 'node:net'
import { refusalOf } from './answer.ts'
import { controlError } from './control-errors.ts'

/** Bytes of a request. */
export const longestRequest = 65536
/** Requests of one client that are answered at a time. */
const atOnce = 16
const newline = 0x0a

/** Never rejects. `say` takes lines that may be lost. */
export type Answering = (line: string, signal: AbortSignal, say: (line: string) => void) => Promise<string>

export class Client {
  readonly #socket: Socket
  readonly #answer: Answering
  readonly #gone = new AbortController()
  /** Not yet a whole line. Longer than a request by one chunk at most. */
  #rest: Buffer = Buffer.alloc(0)
  #inFlight = 0
  /** The client has said more than it may. */
  #over = false

  constructor(socket: Socket, answer: Answering) {
    this.#socket = socket
    this.#answer = answer
    socket.on('data', (chunk: Buffer) => {
      if (this.#over) return
      this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
      this.#work()
    })
    setMaxListeners(0, this.#gone.signal) // one for each request, and for each request that a verb makes of others
    socket.on('drain', () => {
      this.#work()
    })
    socket.on('error', () => socket.destroy()) // it has left in a hurry, and nobody misses it
    socket.on('close', () => {
      this.#gone.abort()
    })
  }

  #work(): void {
    const socket = this.#socket
    while (!this.#isBusy()) {
      const at = this.#rest.indexOf(newline)
      if (at > longestRequest || (at === -1 && this.#rest.length > longestRequest)) {
        this.#refuse()
        break
      }
      if (at === -1) break
      const line = this.#rest.toString('utf8', 0, at)
      this.#rest = this.#rest.subarray(at + 1)
      if (line.trim() !== '') this.#take(line)
    }
    if (this.#isBusy()) socket.pause()
    else socket.resume()
    if (this.#over && this.#inFlight === 0) socket.end()
  }

  #isBusy(): boolean {
    return this.#inFlight >= atOnce || this.#socket.writableNeedDrain
  }

  #take(line: string): void {
    this.#inFlight++
    const say = (news: string) => {
      // News are not gathered for somebody who does not read them.
      if (this.#socket.writable && !this.#socket.writableNeedDrain) this.#socket.write(news)
    }
    void this.#answer(line, this.#gone.signal, say).then((answer) => {
      this.#inFlight--
      if (!this.#socket.writable) return
      this.#socket.write(answer)
      this.#work()
    })
  }

  /** Where the next request would begin is not known any more: what still comes is thrown away. */
  #refuse(): void {
    this.#over = true
    this.#rest = Buffer.alloc(0)
    const words = `a request is longer than ${String(longestRequest)} bytes`
    this.#socket.write(refusalOf(controlError('E_CONTROL_REQUEST', words)))
  }
}
