/**
 * Whoever was trusted and got lost is dialled again: soon at first, then less and less often, until somebody says that it
 * shall not be, or the time is over. Both sides do so, and whichever comes first is enough.
 */
import {
  addressGroup,
  isShare,
  type KnownAddress,
  type Peer,
  type PeerChannel,
  type PluginContext,
  type Timer,
} from '../../../core/index.ts'
import { delayBefore, type Delays } from './back-off.ts'
import type { Dialer } from './dialer.ts'

export interface RedialLimits extends Delays {
  /** How long somebody is tried, in ms. */
  readonly forMs: number
}

/** Peers of an earlier life of the node are tried so often before discovery has to find them. */
const recalls = 6
/** Peers that are looked for at once. */
const most = 1024
/** Of them at one address group: keys cost nothing, so that anybody can be many. */
const mostAtOnePlace = 64
/** With one of these the other side, or the policy, says that it shall not be. */
const final = new Set(['E_BLOCKED', 'E_REJECTED', 'E_NOT_ALLOWED', 'E_SELF', 'E_STOPPING', 'E_TRANSPORT_UNKNOWN'])

interface Lost {
  readonly identifier: string
  readonly places: readonly KnownAddress[]
  /** In ms since 1970. */
  readonly end: number
  readonly tries: number
  tried: number
  timer?: Timer | undefined
}

export class Redialer {
  readonly #ctx: PluginContext
  readonly #limits: RedialLimits
  readonly #dialer: Pick<Dialer, 'recall'>
  readonly #lost = new Map<string, Lost>()

  constructor(ctx: PluginContext, limits: RedialLimits, dialer: Pick<Dialer, 'recall'>) {
    this.#ctx = ctx
    this.#limits = limits
    this.#dialer = dialer
  }

  /** Of the last life of the node: those who were trusted, the latest first. */
  begin(known: Iterable<Peer>): void {
    const proved = [...known].filter(({ addresses }) => addresses.some((address) => address.proved === true))
    for (const { identifier, addresses } of proved.reverse())
      if (identifier !== undefined) this.#look(identifier, addresses.filter(isTold), recalls)
  }

  gone(channel: PeerChannel, code: string): void {
    const { identifier } = channel.peer
    if (identifier === undefined) return
    // Of two channels to one peer one has gone: the other may not have come to trust yet. There may be none, where one
    // side took for dead what the other did not.
    const isLost = channel.lost && (!(code === 'E_STALE' || code === 'E_DUPLICATE') || !this.#hasChannelTo(identifier))
    if (isLost) this.#look(identifier, this.#placesOf(channel, identifier), Infinity)
    else this.failed(identifier, code)
  }

  /** It is back, or shall not be looked for. */
  stop(identifier: string): void {
    this.#ctx.clock.clear(this.#lost.get(identifier)?.timer)
    this.#lost.delete(identifier)
  }

  /** A dial to it came to nothing. */
  failed(identifier: string, code: string): void {
    const lost = this.#lost.get(identifier)
    if (lost === undefined) return
    if (final.has(code)) this.stop(identifier)
    else if (lost.timer === undefined) this.#schedule(lost)
  }

  /** The node is somewhere else now: everybody is tried at once. */
  moved(): void {
    for (const lost of this.#lost.values()) {
      lost.tried = 0
      this.#schedule(lost)
    }
  }

  #placesOf({ inbound, peer: { address: host, port }, scheme }: PeerChannel, identifier: string): KnownAddress[] {
    const known = this.#ctx.network.knownPeers.get(identifier)?.addresses.filter(isTold) ?? []
    return known.length === 0 && !inbound ? [{ host, port, scheme }] : known
  }

  #hasChannelTo(identifier: string): boolean {
    for (const { peer, closed } of this.#ctx.network.channels)
      if (peer.identifier === identifier && !closed) return true
    return false
  }

  #look(identifier: string, places: readonly KnownAddress[], tries: number): void {
    const { forMs } = this.#limits
    this.stop(identifier)
    const [first] = places
    if (forMs === 0 || first === undefined) return
    this.#makeRoom(addressGroup(first.host))
    const lost: Lost = { identifier, places, end: this.#ctx.clock.now() + forMs, tries, tried: 0 }
    this.#lost.set(identifier, lost)
    this.#schedule(lost)
  }

  /** Whoever was lost first has been looked for longest. */
  #makeRoom(group: string): void {
    const there = [...this.#lost.values()].filter(({ places: [first] }) => addressGroup(first?.host ?? '') === group)
    const [oldest] = there.length >= mostAtOnePlace ? there : this.#lost.size >= most ? this.#lost.values() : []
    if (oldest !== undefined) this.stop(oldest.identifier)
  }

  #schedule(lost: Lost): void {
    const { clock, random, log } = this.#ctx
    clock.clear(lost.timer)
    const ms = delayBefore(lost.tried + 1, this.#limits, random)
    if (lost.tried >= lost.tries || clock.now() + ms > lost.end) {
      log.debug('a lost peer is given up', { peer: lost.identifier, tried: lost.tried })
      this.stop(lost.identifier)
      return
    }
    lost.timer = clock.setTimeout(() => {
      lost.timer = undefined
      this.#try(lost)
    }, ms)
  }

  #try(lost: Lost): void {
    const place = lost.places[lost.tried % lost.places.length]
    lost.tried++
    // What is on its way already tells by itself when it comes to nothing; to look again does no harm.
    if (place === undefined || !this.#dialer.recall(lost.identifier, place)) this.#schedule(lost)
  }
}

/** Not from a list: what others say of a peer that was trusted is no place to look for it. */
const isTold = ({ via }: KnownAddress): boolean => via === undefined || !isShare(via)
