/** The queue of targets, and what became of them. */
import { messageOf, type Peer, type PeerAddress, type PeerChannel, type PluginContext } from '../../../core/index.ts'
import { Lru } from '../shared/lru.ts'
import { isOwnAddress } from './own-address.ts'

export interface DialerLimits {
  /** Dials under way at once. */
  readonly concurrent: number
  /** Targets waiting. */
  readonly queue: number
}

/** An address that was dialled is left alone for so long, in ms, and then dialled again if it is heard of again. */
const restMs = 30_000
/** Dialled addresses that are remembered. */
const remembered = 1024

interface Target extends PeerAddress {
  readonly key: string
  readonly identifier?: string
}

export class Dialer {
  readonly #ctx: PluginContext
  readonly #limits: DialerLimits
  readonly #queue = new Map<string, Target>()
  readonly #dialling = new Map<string, Target>()
  /** When an address was dialled last, in ms since 1970. */
  readonly #dialled = new Lru<number>(remembered)
  /** By the identifier that was dialled: open channels, whether or not the peer has said its name yet. */
  readonly #reached = new Map<string, PeerChannel>()
  #started = false

  constructor(ctx: PluginContext, limits: DialerLimits) {
    this.#ctx = ctx
    this.#limits = limits
  }

  start(): void {
    this.#started = true
    this.#next()
  }

  heardOf({ identifier, addresses }: Peer): void {
    for (const address of addresses) {
      const { host, port, scheme } = address
      const key = `${scheme}://${host}:${String(port)}`
      const target: Target = { key, host, port, scheme, ...(identifier !== undefined && { identifier }) }
      if (!this.#isWorthDialling(target)) continue
      if (this.#queue.size >= this.#limits.queue) {
        this.#ctx.log.debug('the queue of candidates is full', { target: key })
        return
      }
      this.#queue.set(key, target)
    }
    this.#next()
  }

  gone(channel: PeerChannel): void {
    for (const [identifier, reached] of this.#reached) if (reached === channel) this.#reached.delete(identifier)
  }

  #isWorthDialling(target: Target): boolean {
    const { network, clock } = this.#ctx
    if (this.#queue.has(target.key) || this.#dialling.has(target.key)) return false
    const dialledAt = this.#dialled.get(target.key)
    if (dialledAt !== undefined && clock.now() - dialledAt < restMs) return false
    if (target.identifier !== undefined && target.identifier === network.identifier) return false
    return !isOwnAddress(target, network) && !this.#isConnected(target)
  }

  #isConnected({ identifier, host, port }: Target): boolean {
    if (identifier !== undefined && this.#reached.get(identifier)?.closed === false) return true
    for (const { peer, closed } of this.#ctx.network.channels) {
      if (closed) continue
      if (identifier === undefined ? peer.address === host && peer.port === port : peer.identifier === identifier)
        return true
    }
    return false
  }

  #next(): void {
    if (!this.#started) return
    for (const target of this.#queue.values()) {
      if (this.#dialling.size >= this.#limits.concurrent || this.#ctx.signal.aborted) return
      // Of one peer one address at a time: the first that answers makes the others needless.
      if (this.#isDialling(target.identifier)) continue
      this.#queue.delete(target.key)
      if (!this.#isConnected(target)) void this.#dial(target)
    }
  }

  #isDialling(identifier: string | undefined): boolean {
    if (identifier === undefined) return false
    for (const target of this.#dialling.values()) if (target.identifier === identifier) return true
    return false
  }

  async #dial(target: Target): Promise<void> {
    const { network, signal, log } = this.#ctx
    const { key, ...to } = target
    this.#dialling.set(key, target)
    this.#dialled.set(key, this.#ctx.clock.now())
    try {
      const channel = await network.connect(to, { signal })
      if (target.identifier !== undefined && !channel.closed) this.#reached.set(target.identifier, channel)
    } catch (error) {
      // Hearsay is often stale or false; whoever is there will be heard of again.
      if (!signal.aborted) log.debug('a candidate could not be reached', { target: key, error: messageOf(error) })
    }
    this.#dialling.delete(key)
    this.#next()
  }
}
