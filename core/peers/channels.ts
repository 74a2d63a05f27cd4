/**
 * The open channels: one to each peer. Knows who is who, keeps one of two channels to the same peer, and tells what
 * comes and goes.
 */
import type { Clock } from '../clock.ts'
import { P2PNetError } from '../errors.ts'
import type { GuardedEmitter } from '../events.ts'
import { handshakeFailed, type Refusal } from '../trust/refusal.ts'
import { Census } from './census.ts'
import { gaveWay, type PeerChannel } from './channel.ts'
import { contest, type Part, type Verdict } from './contest.ts'
import { Succession } from './succession.ts'

/** Two channels opened within this time of each other are taken for a simultaneous dial. */
const simultaneousMs = 2000
/** How long the other side may take to say which of two channels goes, where nothing is proved. */
const decisionMs = 2000

/** How sure it is who the peer is: a name can be claimed by anybody, a proof only be made by its owner. */
export type Certainty = 'claimed' | 'proved'

export interface ChannelsServices {
  readonly clock: Clock
  readonly events: GuardedEmitter
  readonly ownIdentifier: () => string
  /** Whoever was silent for longer is not there any more, in ms. */
  readonly deadMs: number
  /** A no of the operator or of the trust policy to somebody of this name. */
  refuses(identifier: string): P2PNetError | undefined
  refuse(refusal: Refusal, channel: PeerChannel, hook: string): void
  /** A peer has a name now. */
  named(channel: PeerChannel): void
  /** The node has met itself on this channel. */
  self(channel: PeerChannel): void
  /** A channel is gone, and what stays is known. */
  gone(channel: PeerChannel, code: string): void
}

export class Channels implements Iterable<PeerChannel> {
  readonly #services: ChannelsServices
  readonly #succession: Succession
  readonly #open = new Set<PeerChannel>()
  readonly #byIdentifier = new Map<string, PeerChannel>()
  /** Second channels to a peer that has to decide which one goes. */
  readonly #undecided = new Map<PeerChannel, () => void>()
  /** Channels whose peer has proved its name. */
  readonly #proved = new WeakSet<PeerChannel>()
  /** Of the open channels; the address of one never changes. */
  readonly census = new Census()

  constructor(services: ChannelsServices) {
    this.#services = services
    this.#succession = new Succession(services.clock, this.#open)
  }

  get size(): number {
    return this.#open.size
  }

  [Symbol.iterator](): Iterator<PeerChannel> {
    return this.#open.values()
  }

  get trusted(): PeerChannel[] {
    return [...this.#open].filter((channel) => channel.trusted && !this.#undecided.has(channel))
  }

  byIdentifier(identifier: string): PeerChannel | undefined {
    return this.#byIdentifier.get(identifier)
  }

  isProved(channel: PeerChannel): boolean {
    return this.#proved.has(channel)
  }

  /** A no of the operator or of the policy to somebody of this name. */
  refuses(identifier: string): P2PNetError | undefined {
    return this.#services.refuses(identifier)
  }

  /** A channel is open. Its transport may have proved who it is. */
  add(channel: PeerChannel): void {
    this.#open.add(channel)
    this.census.add({ address: channel.peer.address, inbound: channel.inbound })
    this.#services.events.emit('peerAdded', channel)
    const proved = channel.peerKey
    if (proved !== undefined && !channel.closed) this.claim(channel, proved, 'proved')
  }

  remove(channel: PeerChannel, reason: P2PNetError): void {
    if (!this.#open.delete(channel)) return
    // Before another channel may take its place, and speak for it.
    this.census.remove({ address: channel.peer.address, inbound: channel.inbound })
    this.#decided(channel)
    const { identifier } = channel.peer
    if (identifier !== undefined && this.#byIdentifier.get(identifier) === channel) this.#succeed(identifier)
    if (gaveWay(reason.code)) this.#succession.orphan(channel, reason, channel.expected)
    this.#services.events.emit('peerRemoved', channel, reason)
    this.#services.gone(channel, reason.code)
  }

  /** The peer's name becomes known. False: the channel had to be closed. */
  claim(channel: PeerChannel, identifier: string, certainty: Certainty): boolean {
    const objection = this.#objection(channel, identifier)
    if (objection !== undefined) return this.#close(channel, objection)
    if (certainty === 'proved') this.#proved.add(channel)
    const other = this.#byIdentifier.get(identifier)
    const decides = identifier >= this.#services.ownIdentifier()
    if (other === undefined || other === channel || other.closed) this.#byIdentifier.set(identifier, channel)
    // Whoever proves the name is who has it, and whoever only claims it takes nobody's place.
    else if (certainty === 'proved' && !this.#proved.has(other)) this.#give(identifier, channel, other)
    else if (certainty === 'claimed' && this.#proved.has(other)) return this.#yield(channel, identifier)
    // Where the peer is proved, the side that does not decide always gives signs of life, so that the other may look for them.
    else if (certainty === 'proved' && (!decides || other.trusted || !isSimultaneous(other, channel)))
      this.#contest(channel, other, identifier, decides ? 'decides' : 'waits')
    else if (!decides) this.#awaitDecision(channel, identifier)
    else if (this.#isDead(other)) this.#replace(other, channel, identifier)
    else if (this.#loser(other, channel) === channel) return this.#yield(channel, identifier)
    else this.#give(identifier, channel, other)
    channel.identify({ identifier })
    this.#succession.named(channel, identifier)
    this.#services.named(channel)
    return true
  }

  /** The name is the newer channel's from now on. */
  #give(identifier: string, newer: PeerChannel, older: PeerChannel): void {
    this.#byIdentifier.set(identifier, newer)
    this.#close(older, duplicate(identifier))
  }

  #yield(channel: PeerChannel, identifier: string): false {
    // Named before it goes, so that its successor is found.
    channel.identify({ identifier })
    return this.#close(channel, duplicate(identifier))
  }

  #objection(channel: PeerChannel, identifier: string): P2PNetError | undefined {
    if (identifier === this.#services.ownIdentifier()) {
      this.#services.self(channel)
      return new P2PNetError('E_SELF', 'the node had dialled itself')
    }
    const { expected } = channel
    if (expected !== undefined && expected !== identifier)
      return new P2PNetError('E_WRONG_PEER', `${channel.peer.address} is ${identifier}, not ${expected}`)
    return this.#services.refuses(identifier)
  }

  #close(channel: PeerChannel, { code, message: reason }: P2PNetError): false {
    if (!gaveWay(code) && code !== 'E_SELF') this.#services.refuse({ code, reason }, channel, 'trust.connection')
    // Whoever answers in somebody's place learns neither that nor whose.
    void channel.close({ code, reason }, code === 'E_WRONG_PEER' ? handshakeFailed : undefined)
    return false
  }

  /**
   * Which of two channels to one peer goes. Only the side with the smaller identifier decides, so that the two never
   * choose differently and lose both. Of a simultaneous dial its own stays; else the older, so that a claimed name
   * cannot push out whoever had it first, and no channel that is trusted goes for one that may come to nothing.
   */
  #loser(older: PeerChannel, newer: PeerChannel): PeerChannel {
    return isSimultaneous(older, newer) && !older.trusted && older.inbound && !newer.inbound ? older : newer
  }

  /** The peer has proved itself on both: a sign of life on the older says which one goes. */
  #contest(newer: PeerChannel, older: PeerChannel, identifier: string, part: Part): void {
    const settle = (verdict: Verdict) => {
      this.#decided(newer)
      if (newer.closed || this.#byIdentifier.get(identifier) === newer) return
      const isDead = verdict === 'dead' && this.#byIdentifier.get(identifier) === older
      if (!isDead) this.#close(newer, duplicate(identifier))
      else {
        // Of several that came meanwhile the last is the likeliest to be alive.
        const others = [...this.#undecided.keys()].filter(({ peer }) => peer.identifier === identifier)
        const heir = others.reduce((last, other) => (other.openedAt > last.openedAt ? other : last), newer)
        this.#decided(heir)
        this.#replace(older, heir, identifier)
        for (const other of [newer, ...others]) if (other !== heir) this.#close(other, duplicate(identifier))
      }
    }
    this.#undecided.set(newer, contest(this.#services.clock, { older, newer, part }, settle))
  }

  /** Whoever is alive says so now and then, where the wire has words for it. */
  #isDead(channel: PeerChannel): boolean {
    const { clock, deadMs } = this.#services
    return channel.silentMs(clock.now()) > deadMs && channel.probe()
  }

  /** Nothing was heard on the older channel. */
  #replace(older: PeerChannel, newer: PeerChannel, identifier: string): void {
    this.#byIdentifier.set(identifier, newer)
    this.#close(older, new P2PNetError('E_STALE', `${identifier} is back on another channel, and this one is silent`))
  }

  /** The other side decides. If it does not, it may be somebody else who only says this name: the newer channel goes. */
  #awaitDecision(newer: PeerChannel, identifier: string): void {
    const timer = this.#services.clock.setTimeout(() => {
      this.#undecided.delete(newer)
      const holder = this.#byIdentifier.get(identifier)
      if (holder === undefined || holder === newer || newer.closed) return
      if (this.#isDead(holder)) this.#replace(holder, newer, identifier)
      else this.#close(newer, duplicate(identifier))
    }, decisionMs)
    this.#undecided.set(newer, () => {
      this.#services.clock.clear(timer)
    })
  }

  #decided(channel: PeerChannel): void {
    this.#undecided.get(channel)?.()
    this.#undecided.delete(channel)
  }

  /** The channel of this name is gone; a second one that waited for a decision takes its place. */
  #succeed(identifier: string): void {
    this.#byIdentifier.delete(identifier)
    for (const channel of this.#undecided.keys()) {
      if (channel.peer.identifier !== identifier || channel.closed) continue
      this.#decided(channel)
      this.#byIdentifier.set(identifier, channel)
      return
    }
  }
}

function isSimultaneous(older: PeerChannel, newer: PeerChannel): boolean {
  return Math.abs(newer.openedAt - older.openedAt) < simultaneousMs
}

function duplicate(identifier: string): P2PNetError {
  return new P2PNetError('E_DUPLICATE', `another channel to ${identifier} is open`)
}
