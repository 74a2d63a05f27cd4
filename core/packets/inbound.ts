/**
 * The way in, one packet at a time: type, schema, origin, handshake, admission, event, handlers. The synchronous path
 * stays synchronous; a promise exists only where a handler asked for time.
 */
import type { GuardedEmitter } from '../events.ts'
import type { Generation } from '../host/generation.ts'
import type { PeerChannel } from '../peers/channel.ts'
import { handshakeFailed, type Refusal } from '../trust/refusal.ts'
import type { DisconnectPacket, NetworkPacket, Packet } from './packet.ts'
import { describeErrors, type PacketType } from './registry.ts'

export interface InboundServices {
  readonly types: ReadonlyMap<string, PacketType>
  readonly events: GuardedEmitter
  readonly generation: () => Generation
  /** The channel's peer claims an identifier for the first time. False: the channel is closed now. */
  claim(channel: PeerChannel, identifier: string): boolean
  refuse(refusal: Refusal, channel: PeerChannel, hook: string): void
}

/** Offences of one kind after which a channel is closed. */
const offencesAllowed = 3

type Mutable = { -readonly [K in keyof NetworkPacket]: NetworkPacket[K] }

export class Inbound {
  readonly #services: InboundServices
  readonly #offences = new WeakMap<PeerChannel, Map<string, number>>()

  constructor(services: InboundServices) {
    this.#services = services
  }

  receive(packet: NetworkPacket, channel: PeerChannel): Promise<void> | undefined {
    const { types, events, generation } = this.#services
    const type = types.get(packet.type)
    if (type === undefined) {
      this.#drop(channel, 'E_PACKET_UNKNOWN', `no plugin knows the packet type ${packet.type.slice(0, 64)}`)
      return undefined
    }
    if (!type.validate(packet)) {
      if (type.bare) this.#spoil(channel, `${packet.type}: ${describeErrors(type.validate)}`)
      else this.#offend(channel, 'E_PACKET_INVALID', `${packet.type}: ${describeErrors(type.validate)}`)
      return undefined
    }
    if (!this.#isFrom(packet, channel, type.bare)) return undefined
    if (packet.sourceOriginTime === undefined && !type.bare)
      (packet as Mutable).sourceOriginTime = channel.lastReceivedAt
    if (packet.type === 'Disconnect') channel.hearFarewell((packet as DisconnectPacket).data)
    if (channel.offer(packet)) return nextTurn()

    const current = generation()
    const refusal = current.at.packets.admit.call(packet as Packet, channel)
    if (refusal !== undefined) {
      this.#services.refuse(refusal, channel, 'packets.admit')
      return undefined
    }
    if (events.has('packet')) events.emit('packet', packet, channel)
    return dispatch(packet as Packet, channel, current)
  }

  /** A packet's origin is the channel it came on: what it says itself must agree, and is filled in when absent. */
  #isFrom(packet: NetworkPacket, channel: PeerChannel, bare: boolean): boolean {
    const claimed = packet.sourceOriginIdentifier
    const known = channel.peer.identifier
    if (claimed === undefined) {
      if (known !== undefined && !bare) (packet as Mutable).sourceOriginIdentifier = known
      return true
    }
    if (known === claimed) return true
    if (known === undefined && channel.awaitsProof) {
      delete (packet as Mutable).sourceOriginIdentifier
      return true
    }
    if (known === undefined) return this.#services.claim(channel, claimed)
    this.#offend(channel, 'E_ORIGIN', `a packet carries the identifier of somebody else`)
    return false
  }

  #drop(channel: PeerChannel, code: string, reason: string): void {
    this.#services.refuse({ code, reason }, channel, 'packets.received')
  }

  /** A handshake that is misspelt has failed; the peer is not told where. */
  #spoil(channel: PeerChannel, reason: string): void {
    this.#services.refuse({ code: 'E_HANDSHAKE', reason }, channel, 'trust.handshake')
    void channel.close({ code: 'E_HANDSHAKE', reason }, handshakeFailed)
  }

  #offend(channel: PeerChannel, code: string, reason: string): void {
    this.#drop(channel, code, reason)
    const offences = this.#offences.get(channel) ?? new Map<string, number>()
    this.#offences.set(channel, offences)
    const count = (offences.get(code) ?? 0) + 1
    offences.set(code, count)
    if (count >= offencesAllowed) void channel.close({ code, reason })
  }
}

/** What a packet of a handshake decides is in force before the next packet is looked at, also one that came with it. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Runs the handlers of the packet's type. A promise only if one of them wants time. */
function dispatch(packet: Packet, channel: PeerChannel, generation: Generation): Promise<void> | undefined {
  const hook = generation.at.packets.received.get(packet.type)
  if (hook === undefined) return undefined
  let settled = false
  let resolve: (() => void) | undefined
  hook.callAsync(packet as never, channel, () => {
    // Handlers are guarded: a failure was reported where it happened, and counts as an abstention.
    settled = true
    if (resolve === undefined) return
    generation.leave()
    resolve()
  })
  if (settled) return undefined
  generation.enter()
  return new Promise((done) => {
    resolve = done
  })
}
