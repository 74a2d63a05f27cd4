/**
 * A network in memory: whole nodes in one process, on a virtual clock. Every chunk takes `latencyMs`, plus what the
 * seeded randomness adds; streams keep their order, as TCP does.
 */
import { Duplex } from 'node:stream'
import type { Clock } from '../../core/clock.ts'
import { definePlugin, P2PNetError, type Connection, type Plugin, type Random } from '../../core/index.ts'

export interface MemoryNetworkOptions {
  readonly clock: Clock
  readonly random: Random
  readonly latencyMs?: number
  readonly jitterMs?: number
}

interface Listening {
  accept(connection: Connection): void
  readonly host: Host
}

/** Where a node is, and the key that its connections prove, if they do. */
interface Host {
  address: string
  readonly peerKey?: string
}

export class MemoryNetwork {
  readonly #options: Required<MemoryNetworkOptions>
  readonly #listening = new Map<string, Listening>()
  readonly #hosts: Host[] = []
  readonly #connections = new Set<MemoryConnection>()
  #ports = 1000

  constructor(options: MemoryNetworkOptions) {
    this.#options = { latencyMs: 5, jitterMs: 10, ...options }
  }

  /** Every connection breaks, and neither side has said a word. */
  sever(): void {
    for (const connection of this.#connections) connection.destroy()
  }

  /** Nothing passes any more on what is open, or nothing towards one address; neither side is told. */
  silence(towards?: string): void {
    for (const connection of this.#connections)
      if (towards === undefined || connection.remoteAddress === towards) connection.isSilent = true
  }

  /** A node has another address from now on: it is reached there, and dials from there. */
  move(from: string, to: string): void {
    for (const host of this.#hosts) if (host.address === from) host.address = to
    for (const [key, listening] of [...this.#listening])
      if (key.startsWith(`${from}:`)) {
        this.#listening.delete(key)
        this.#listening.set(key.replace(from, to), listening)
      }
  }

  /** A plugin that joins this network at an address of its own. With `peerKey` its connections prove who it is. */
  transport(address: string, { peerKey }: { readonly peerKey?: string } = {}): Plugin {
    const host: Host = { address, ...(peerKey !== undefined && { peerKey }) }
    this.#hosts.push(host)
    return definePlugin({
      name: 'transport-memory',
      version: '1.0.0',
      api: 1,
      setup: (ctx) => {
        ctx.transport.register('memory', {
          listen: (_, onConnection) => {
            const port = ++this.#ports
            const key = `${address}:${String(port)}`
            this.#listening.set(key, { accept: onConnection, host })
            const close = () => {
              this.#listening.delete(key)
              return Promise.resolve()
            }
            return Promise.resolve({ host: address, port, close })
          },
          dial: (to, signal) => this.#dial(host, to.host, to.port, signal),
        })
      },
    })
  }

  #dial(from: Host, host: string, port: number, signal: AbortSignal): Promise<Connection> {
    const { clock } = this.#options
    return new Promise((resolve, reject) => {
      const timer = clock.setTimeout(() => {
        const listening = this.#listening.get(`${host}:${String(port)}`)
        if (listening === undefined) {
          reject(new P2PNetError('E_DIAL', `nobody listens at ${host}:${String(port)}`))
          return
        }
        const here = new MemoryConnection(host, port, this.#options, listening.host.peerKey)
        const there = new MemoryConnection(from.address, ++this.#ports, this.#options, from.peerKey)
        here.join(there)
        for (const connection of [here, there]) {
          this.#connections.add(connection)
          connection.once('close', () => this.#connections.delete(connection))
        }
        listening.accept(there)
        resolve(here)
      }, this.#options.latencyMs)
      signal.addEventListener('abort', () => {
        clock.clear(timer)
        reject(signal.reason as Error)
      })
    })
  }
}

class MemoryConnection extends Duplex implements Connection {
  readonly remoteAddress: string
  readonly remotePort: number
  declare readonly peerKey?: string
  isSilent = false
  readonly #options: Required<MemoryNetworkOptions>
  #other: MemoryConnection | undefined
  #lastArrival = 0
  /** The writer's callback, until the other side has taken the chunk. */
  #taken: (() => void) | undefined

  constructor(
    remoteAddress: string,
    remotePort: number,
    options: Required<MemoryNetworkOptions>,
    peerKey: string | undefined,
  ) {
    super({ allowHalfOpen: false })
    if (peerKey !== undefined) this.peerKey = peerKey
    this.remoteAddress = remoteAddress
    this.remotePort = remotePort
    this.#options = options
  }

  join(other: MemoryConnection): void {
    this.#other = other
    other.#other = this
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    // A copy, as a network makes one.
    const bytes = Buffer.from(chunk)
    this.#later(() => {
      const other = this.#other
      if (this.isSilent) done()
      else if (other === undefined || other.destroyed) done(new Error('the other side is gone'))
      else if (other.push(bytes)) done()
      else other.#taken = done
    })
  }

  override _read(): void {
    const taken = this.#taken
    this.#taken = undefined
    taken?.()
  }

  override _final(done: () => void): void {
    this.#later(() => {
      if (!this.isSilent) this.#other?.push(null)
      done()
    })
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const other = this.#other
    this.#other = undefined
    this.#taken?.()
    if (other !== undefined && !other.destroyed && !this.isSilent) this.#later(() => other.destroy())
    done(error)
  }

  #later(fn: () => void): void {
    const { clock, random, latencyMs, jitterMs } = this.#options
    const arrival = Math.max(this.#lastArrival, clock.now() + latencyMs + Math.floor(random.next() * jitterMs))
    this.#lastArrival = arrival
    clock.setTimeout(fn, arrival - clock.now())
  }
}
