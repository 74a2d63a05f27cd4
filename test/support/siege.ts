/**
 * People who mean no good, each at an address of its own: bounded in number, and gone when the siege is over.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { Random } from '../../core/random.ts'

interface Target {
  readonly host: string
  readonly port: number
}

/** What one of them does with a connection. */
const ways: Readonly<Record<string, (socket: Socket, random: Random) => void>> = {
  silence: () => undefined,
  garbage: (socket, random) => {
    socket.write(random.bytes(1 + Math.floor(random.next() * 2000)))
  },
  'a cut hello': (socket) => {
    socket.write(Buffer.from('160301', 'hex'))
  },
  'a frame in the clear': (socket) => {
    socket.write(Buffer.from('0000001201050000000000007ff8000000000000c3bc', 'hex'))
  },
  'TLS without a certificate': (socket, random) => {
    const tls = connectTls({ socket, rejectUnauthorized: false, ALPNProtocols: ['p2pnet/1'] })
    tls.on('error', () => undefined)
    tls.on('secureConnect', () => tls.write(random.bytes(100)))
  },
  'a quick leave': (socket) => {
    socket.destroy()
  },
}

/** How long one of them stays, at most, in ms. */
const stayMs = 400

export class Siege {
  readonly #target: Target
  readonly #random: Random
  readonly #sockets = new Set<Socket>()
  /** Connections made so far. */
  attempts = 0

  constructor(target: Target, random: Random) {
    this.#target = target
    this.#random = random
  }

  /** So many people, from 127.0.1.1 on, until the time is over. */
  async run(people: number, untilMs: number): Promise<void> {
    await Promise.all(Array.from({ length: people }, (_, i) => this.#besiege(`127.0.1.${String(i + 1)}`, untilMs)))
    for (const socket of this.#sockets) socket.destroy()
  }

  async #besiege(localAddress: string, untilMs: number): Promise<void> {
    const names = Object.keys(ways)
    while (Date.now() < untilMs) {
      const way = ways[names[Math.floor(this.#random.next() * names.length)] ?? '']
      const socket = connect({ ...this.#target, localAddress })
      this.attempts++
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => this.#sockets.delete(socket))
      socket.once('connect', () => way?.(socket, this.#random))
      setTimeout(() => socket.destroy(), stayMs)
      await sleep(5 + this.#random.next() * 20)
    }
  }
}
