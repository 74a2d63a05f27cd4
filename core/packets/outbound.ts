/**
 * The way out: fill in who and when, ask packets.outgoing, check against the schema, encode. Once a send, however many
 * peers it goes to.
 */
import type { Clock } from '../clock.ts'
import { P2PNetError } from '../errors.ts'
import type { Generation } from '../host/generation.ts'
import type { NetworkPacket, Packet } from './packet.ts'
import { describeErrors, type PacketType } from './registry.ts'
import type { Frame, Wire } from './wire.ts'

export interface OutboundServices {
  readonly clock: Clock
  readonly wire: () => Wire
  readonly types: ReadonlyMap<string, PacketType>
  readonly identifier: () => string
  readonly generation: () => Generation
}

/** @throws P2PNetError E_PACKET_UNKNOWN, E_PACKET_INVALID, E_FRAME_TOO_LARGE */
export function encodePacket(packet: NetworkPacket, services: OutboundServices): Frame {
  const filled = fillIn(packet, services)
  const shaped = services.generation().at.packets.outgoing.call(filled as Packet) ?? filled
  const type = services.types.get(shaped.type)
  if (type === undefined)
    throw new P2PNetError('E_PACKET_UNKNOWN', `no plugin registers the packet type ${shaped.type}`)
  if (!type.validate(shaped))
    throw new P2PNetError('E_PACKET_INVALID', `${shaped.type} is invalid: ${describeErrors(type.validate)}`)
  return services.wire().encode(shaped)
}

function fillIn(packet: NetworkPacket, { clock, identifier }: OutboundServices): NetworkPacket {
  if (packet.sourceOriginTime !== undefined && packet.sourceOriginIdentifier !== undefined) return packet
  const own = identifier()
  const time = packet.sourceOriginTime ?? clock.now()
  if (own === '') return { ...packet, sourceOriginTime: time }
  return { ...packet, sourceOriginIdentifier: packet.sourceOriginIdentifier ?? own, sourceOriginTime: time }
}
