/**
 * The open channels: one to each peer. Knows who is who, keeps one of two channels to the same peer, and tells what
 * comes and goes.
 */
import type { Clock } from '../clock.ts'
import { P2PNetError } from '../errors.ts'
import type { GuardedEmitter } from '../events.ts'
import type { PeerChannel } from './channel.ts'

/** Two channels opened within this time of each other are taken for a simultaneous dial. */
const simultaneousMs = 2000

export interface ChannelsServices {
  readonly clock: Clock
  readonly events: GuardedEmitter
  readonly ownIdentifier: () => string
  /** A no of the operator or of the trust policy to somebody of this name. */
  refuses(identifier: string): P2PNetError | undefined
  refuse(error: P2PNetError, channel: PeerChannel, hook: string): void
  /** A peer has a name now. */
  named(channel: PeerChannel): void
}

export class Channels implements Iterable<PeerChannel> {
  readonly #services: ChannelsServices
  readonly #open = new Set<PeerChannel>()
  readonly #byIdentifier = new Map<string, PeerChannel>()
  /** Whom a dialled channel has to turn out to be. */
  readonly #expected = new WeakMap<PeerChannel, string>()

  constructor(services: ChannelsServices) {
    this.#services = services
  }

  get size(): number {
    return this.#open.size
  }

  [Symbol.iterator](): Iterator<PeerChannel> {
    return this.#open.values()
  }

  get trusted(): PeerChannel[] {
    return [...this.#open].filter((channel) => channel.trusted)
  }

  byIdentifier(identifier: string): PeerChannel | undefined {
    return this.#byIdentifier.get(identifier)
  }

  count(matches: (channel: PeerChannel) => boolean): number {
    let count = 0
    for (const channel of this.#open) if (matches(channel)) count++
    return count
  }

  /** A channel is open. Its transport may have proved who it is. */
  add(channel: PeerChannel, expected: string | undefined): void {
    this.#open.add(channel)
    if (expected !== undefined) this.#expected.set(channel, expected)
    this.#services.events.emit('peerAdded', channel)
    const proved = channel.peerKey
    if (proved !== undefined && !channel.closed) this.claim(channel, proved)
  }

  remove(channel: PeerChannel, reason: P2PNetError): void {
    if (!this.#open.delete(channel)) return
    const { identifier } = channel.peer
    if (identifier !== undefined && this.#byIdentifier.get(identifier) === channel)
      this.#byIdentifier.delete(identifier)
    this.#services.events.emit('peerRemoved', channel, reason)
  }

  /** The peer's name becomes known. False: the channel had to be closed. */
  claim(channel: PeerChannel, identifier: string): boolean {
    const objection = this.#objection(channel, identifier)
    if (objection !== undefined) return this.#close(channel, objection)
    const other = this.#byIdentifier.get(identifier)
    if (other !== undefined && other !== channel && !other.closed) {
      const duplicate = new P2PNetError('E_DUPLICATE', `another channel to ${identifier} is open`)
      if (this.#keep(other, channel, identifier) === other) return this.#close(channel, duplicate)
      void other.close({ code: duplicate.code, reason: duplicate.message })
    }
    channel.identify({ identifier })
    this.#byIdentifier.set(identifier, channel)
    this.#services.named(channel)
    return true
  }

  #objection(channel: PeerChannel, identifier: string): P2PNetError | undefined {
    if (identifier === this.#services.ownIdentifier()) return new P2PNetError('E_SELF', 'the node had dialled itself')
    const expected = this.#expected.get(channel)
    if (expected !== undefined && expected !== identifier)
      return new P2PNetError('E_WRONG_PEER', `${channel.peer.address} is ${identifier}, not ${expected}`)
    return this.#services.refuses(identifier)
  }

  #close(channel: PeerChannel, reason: P2PNetError): false {
    if (reason.code !== 'E_DUPLICATE' && reason.code !== 'E_SELF')
      this.#services.refuse(reason, channel, 'trust.connection')
    void channel.close({ code: reason.code, reason: reason.message })
    return false
  }

  /**
   * Which of two channels to one peer stays. Both ends must choose the same: of a simultaneous dial the one that the
   * smaller identifier dialled; else the older, so that a claimed name cannot push out whoever had it first.
   */
  #keep(older: PeerChannel, newer: PeerChannel, identifier: string): PeerChannel {
    const simultaneous = newer.openedAt - older.openedAt < simultaneousMs && older.inbound !== newer.inbound
    if (!simultaneous) return older
    const weDial = this.#services.ownIdentifier() < identifier
    return older.inbound === weDial ? newer : older
  }
}
