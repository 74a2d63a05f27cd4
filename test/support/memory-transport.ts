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
}

export class MemoryNetwork {
  readonly #options: Required<MemoryNetworkOptions>
  readonly #listening = new Map<string, Listening>()
  #ports = 1000

  constructor(options: MemoryNetworkOptions) {
    this.#options = { latencyMs: 5, jitterMs: 10, ...options }
  }

  /** A plugin that joins this network at an address of its own. */
  transport(address: string): Plugin {
    return definePlugin({
      name: 'transport-memory',
      version: '1.0.0',
      api: 1,
      setup: (ctx) => {
        ctx.transport.register('memory', {
          listen: (_, onConnection) => {
            const port = ++this.#ports
            const key = `${address}:${String(port)}`
            this.#listening.set(key, { accept: onConnection })
            const close = () => {
              this.#listening.delete(key)
              return Promise.resolve()
            }
            return Promise.resolve({ host: address, port, close })
          },
          dial: ({ host, port }, signal) => this.#dial(address, host, port, signal),
        })
      },
    })
  }

  #dial(from: string, host: string, port: number, signal: AbortSignal): Promise<Connection> {
    const { clock } = this.#options
    return new Promise((resolve, reject) => {
      const timer = clock.setTimeout(() => {
        const listening = this.#listening.get(`${host}:${String(port)}`)
        if (listening === undefined) {
          reject(new P2PNetError('E_DIAL', `nobody listens at ${host}:${String(port)}`))
          return
        }
        const here = new MemoryConnection(host, port, this.#options)
        const there = new MemoryConnection(from, ++this.#ports, this.#options)
        here.join(there)
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
  readonly #options: Required<MemoryNetworkOptions>
  #other: MemoryConnection | undefined
  #lastArrival = 0
  /** The writer's callback, until the other side has taken the chunk. */
  #taken: (() => void) | undefined

  constructor(remoteAddress: string, remotePort: number, options: Required<MemoryNetworkOptions>) {
    super({ allowHalfOpen: false })
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
      if (other === undefined || other.destroyed) done(new Error('the other side is gone'))
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
      this.#other?.push(null)
      done()
    })
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const other = this.#other
    this.#other = undefined
    this.#taken?.()
    if (other !== undefined && !other.destroyed) this.#later(() => other.destroy())
    done(error)
  }

  #later(fn: () => void): void {
    const { clock, random, latencyMs, jitterMs } = this.#options
    const arrival = Math.max(this.#lastArrival, clock.now() + latencyMs + Math.floor(random.next() * jitterMs))
    this.#lastArrival = arrival
    clock.setTimeout(fn, arrival - clock.now())
  }
}
