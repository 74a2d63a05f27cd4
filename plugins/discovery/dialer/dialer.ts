/** What becomes of the targets: whose turn it is, and what came of a dial. */
import {
  isOwnAddress,
  isP2PNetError,
  isShare,
  messageOf,
  sleep,
  type KnownAddress,
  type P2PNetError,
  type Peer,
  type PeerChannel,
  type PluginContext,
  type Timer,
} from '../../../core/index.ts'
import { Lru } from '../shared/lru.ts'
import { BackOff } from './back-off.ts'
import { GroupLimits, type Rank } from './group-limits.ts'
import { Targets, type Target } from './targets.ts'

export interface DialerLimits {
  /** Dials under way at once. */
  readonly concurrent: number
  /** Targets waiting, of each rank. */
  readonly queue: number
}

/** An address that answered is left alone for so long, in ms, and then dialled again if it is heard of again. */
const restMs = 30_000
/** On a live channel something is said more often than that, in ms. */
const silentMs = 20_000
/** Addresses that are remembered. */
const remembered = 1024
/** A dial that failed keeps its place for so long, in ms: one that is refused at once makes way for the next at once else. */
const failedMs = 20
/** Dials under way to a host where nobody was reached. */
const untriedAtOnce = 2

/** A dial to somebody came to nothing: the code of the error, or of the end of a channel that was never trusted. */
export type Failed = (identifier: string, code: string) => void

export class Dialer {
  readonly #ctx: PluginContext
  readonly #limits: DialerLimits
  readonly #targets: Targets
  readonly #groups = new GroupLimits()
  #backOff: BackOff
  readonly #dialling = new Map<string, Target>()
  /** When an address was dialled last, in ms since 1970. */
  readonly #dialled = new Lru<number>(remembered)
  /** What was dialled and is not trusted yet. */
  readonly #reached = new Map<PeerChannel, Target>()
  readonly #tell: Failed
  #timer: Timer | undefined
  #started = false

  constructor(ctx: PluginContext, limits: DialerLimits, tell: Failed) {
    this.#ctx = ctx
    this.#limits = limits
    this.#tell = tell
    this.#targets = new Targets(limits.queue)
    this.#backOff = new BackOff(ctx.random)
  }

  start(): void {
    this.#started = true
    this.#next()
  }

  /** `heard`: the address that was told now; absent: all of them. */
  heardOf({ identifier, addresses, via }: Peer, heard?: KnownAddress): void {
    for (const address of heard === undefined ? addresses : [heard]) this.#consider(identifier, address, via)
    this.#next()
  }

  /** Somebody who was trusted there shall be dialled now. False: a channel to it is open, or on the way. */
  recall(identifier: string, address: KnownAddress): boolean {
    const target = { ...targetAt(identifier, address, 'proved'), due: 0 }
    if (this.#channelTo(target) !== undefined || this.#isDialling(identifier) || this.#dialling.has(target.key))
      return false
    const isTaken = this.#targets.add(target)
    this.#next()
    return isTaken
  }

  trusted(channel: PeerChannel): void {
    const target = this.#reached.get(channel)
    if (target === undefined) return
    this.#reached.delete(channel)
    this.#backOff.forget(target.key)
    this.#groups.reached(target.host)
  }

  gone(channel: PeerChannel, code: string): void {
    const target = this.#reached.get(channel)
    this.#reached.delete(channel)
    if (target === undefined || code === 'E_DUPLICATE' || code === 'E_STALE') return
    this.#failed(target, code, channel.stats.packetsIn > 0 ? 'answered' : 'silent')
    this.#next()
  }

  /** The node is somewhere else now: what failed before may be tried again. */
  moved(): void {
    this.#backOff = new BackOff(this.#ctx.random)
    this.#next()
  }

  #consider(identifier: string | undefined, address: KnownAddress, source: string): void {
    const { network, clock, log } = this.#ctx
    const now = clock.now()
    // Hints that name who does not answer are worth no more than lists, and leave the places of the others alone.
    const isHearsay = isShare(address.via ?? source) || this.#groups.isDoubtful(address.host, now)
    const rank = isHearsay ? 'hearsay' : 'near'
    const target = targetAt(identifier, address, rank)
    if (identifier !== undefined && identifier === network.identifier) return
    if (this.#targets.has(target.key) || this.#dialling.has(target.key)) return
    if (isOwnAddress(target, network.listening, () => network.interfaces)) return
    const due = this.#backOff.until(target.key)
    if (rank === 'hearsay' && due > now) return
    const channel = this.#channelTo(target)
    const dialledAt = this.#dialled.get(target.key) ?? -Infinity
    if (channel === undefined ? due === 0 && now - dialledAt < restMs : !this.#isElsewhere(target, channel, dialledAt))
      return
    if (!this.#targets.add({ ...target, due, ...(channel !== undefined && { anew: true }) }))
      log.debug('the queue of candidates is full', { target: target.key })
  }

  /**
   * Somebody with a channel is heard at an address where it was not before: it may have moved there, and the channel be
   * dead. To find out costs a dial. Where it was heard from the beginning it is at home too, and is dialled only when
   * nothing comes on the channel any more.
   */
  #isElsewhere({ identifier, rank, host, key }: Place, channel: PeerChannel, dialledAt: number): boolean {
    if (identifier === undefined || rank !== 'near' || channel.peer.address === host) return false
    const now = this.#ctx.clock.now()
    if (now - channel.lastReceivedAt >= silentMs) return now - dialledAt >= restMs
    if (dialledAt !== -Infinity) return false
    if (now - channel.openedAt >= restMs) return true
    this.#dialled.set(key, now)
    return false
  }

  /** An open channel to the peer of the target, or to the place if the peer is unknown. */
  #channelTo({ identifier, host, port }: Place): PeerChannel | undefined {
    for (const [channel, target] of this.#reached)
      if (identifier !== undefined && target.identifier === identifier && !channel.closed) return channel
    for (const channel of this.#ctx.network.channels) {
      const { peer, closed } = channel
      if (closed) continue
      if (identifier === undefined ? peer.address === host && peer.port === port : peer.identifier === identifier)
        return channel
    }
    return undefined
  }

  #next(): void {
    const { clock, signal } = this.#ctx
    // The end of a dial looks again.
    if (!this.#started || signal.aborted || this.#dialling.size >= this.#limits.concurrent) return
    clock.clear(this.#timer)
    this.#timer = undefined
    const now = clock.now()
    let soonest = Infinity
    for (const target of this.#targets) {
      // Of one peer one address at a time: the first that answers makes the others needless.
      if (!this.#hasPlace(target) || this.#isDialling(target.identifier)) continue
      const due = Math.max(target.due, now + this.#groups.wait(target.host, target.rank, now))
      if (due > now) {
        soonest = Math.min(soonest, due)
        continue
      }
      this.#targets.remove(target)
      if (target.anew === true || this.#channelTo(target) === undefined) void this.#dial(target)
      else this.#dialled.set(target.key, now)
    }
    if (soonest < Infinity)
      this.#timer = clock.setTimeout(() => {
        this.#next()
      }, soonest - now)
  }

  /**
   * Of a host where nobody was reached yet not more than two are dialled at once: one that swallows dials must not hold all
   * places. Lists never take more than half of the places, and what is heard of leaves some to whoever was trusted.
   */
  #hasPlace({ rank, host }: Target): boolean {
    const { concurrent } = this.#limits
    const places = {
      proved: concurrent,
      near: concurrent - Math.floor(concurrent / 4),
      hearsay: Math.ceil(concurrent / 2),
    }
    let others = 0
    let there = 0
    for (const target of this.#dialling.values()) {
      if (target.rank === rank) others++
      if (target.host === host) there++
    }
    const isCrowded = rank === 'near' && there >= untriedAtOnce && !this.#groups.isReached(host)
    return this.#dialling.size < concurrent && others < places[rank] && !isCrowded
  }

  #isDialling(identifier: string | undefined): boolean {
    if (identifier === undefined) return false
    for (const target of this.#dialling.values()) if (target.identifier === identifier) return true
    return false
  }

  async #dial(target: Target): Promise<void> {
    const { network, signal, log, clock } = this.#ctx
    const { key, identifier, host, port, scheme, anew } = target
    this.#dialling.set(key, target)
    this.#dialled.set(key, clock.now())
    this.#groups.dialled(host, clock.now())
    try {
      const to = { host, port, scheme, ...(identifier !== undefined && { identifier }) }
      const channel = await network.connect(to, { signal, ...(anew === true && { anew }) })
      if (channel.trusted) this.#groups.reached(host)
      else {
        this.#reached.set(channel, target)
        if (channel.closed) this.gone(channel, (channel.signal.reason as P2PNetError).code)
      }
    } catch (error) {
      // Hearsay is often stale or false; whoever is there will be heard of again.
      if (!signal.aborted) log.debug('a candidate could not be reached', { target: key, error: messageOf(error) })
      const code = isP2PNetError(error) ? error.code : 'E_DIAL'
      // What this node itself refuses says nothing about whoever is there.
      if (!signal.aborted) this.#failed(target, code, code === 'E_LIMIT' ? 'answered' : 'silent')
      await sleep(clock, failedMs, signal).catch(() => undefined) // the plugin leaves
    }
    this.#dialling.delete(key)
    this.#next()
  }

  /** `answer`: whoever speaks as we do is no victim of ours. */
  #failed({ key, host, identifier }: Target, code: string, answer: 'answered' | 'silent'): void {
    const now = this.#ctx.clock.now()
    this.#backOff.failed(key, now)
    if (answer === 'silent') this.#groups.failed(host, now)
    if (identifier !== undefined) this.#tell(identifier, code)
  }
}

/** A target of which it is open when. */
type Place = Omit<Target, 'due'>

function targetAt(identifier: string | undefined, { host, port, scheme }: KnownAddress, rank: Rank): Place {
  const key = `${scheme}://${host}:${String(port)}`
  return { key, host, port, scheme, rank, ...(identifier !== undefined && { identifier }) }
}
