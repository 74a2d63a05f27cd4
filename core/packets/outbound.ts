/**
 * The way out: fill in who and when, ask packets.outgoing, check against the schema, encode. Once a send, however many
 * peers it goes to.
 */
import type { Clock } from '../clock.ts'
import { P2PNetError } from '../errors.ts'
import type { Generation } from '../host/generation.ts'
import type { NetworkPacket, Packet } from './packet.ts'
import { describeErrors, type PacketType } from './registry.ts'
import type { Frame, Stamp, Wire } from './wire.ts'

export interface OutboundServices {
  readonly clock: Clock
  readonly wire: () => Wire
  readonly types: ReadonlyMap<string, PacketType>
  readonly identifier: () => string
  readonly generation: () => Generation
}

/** @throws P2PNetError E_PACKET_UNKNOWN, E_PACKET_INVALID, E_FRAME_TOO_LARGE */
export function encodePacket(packet: NetworkPacket, services: OutboundServices): Frame {
  const wire = services.wire()
  const { outgoing } = services.generation().at.packets
  const type = typeOf(packet, services)
  const stamp: Stamp = { identifier: services.identifier(), time: services.clock.now() }
  // Nobody looks at it on the way and the wire can do without: then the packet need not be copied.
  if (wire.stamps === true && !outgoing.isUsed()) {
    check(packet, type)
    return type.bare ? wire.encode(packet) : wire.encode(packet, stamp)
  }
  const filled = type.bare ? packet : fillIn(packet, stamp)
  const shaped = outgoing.call(filled as Packet) ?? filled
  check(shaped, typeOf(shaped, services))
  return type.bare ? wire.encode(shaped) : wire.encode(shaped, stamp)
}

function typeOf(packet: NetworkPacket, { types }: OutboundServices): PacketType {
  const type = types.get(packet.type)
  if (type !== undefined) return type
  throw new P2PNetError('E_PACKET_UNKNOWN', `no plugin registers the packet type ${packet.type}`)
}

function check(packet: NetworkPacket, type: PacketType): void {
  if (type.validate(packet)) return
  throw new P2PNetError('E_PACKET_INVALID', `${packet.type} is invalid: ${describeErrors(type.validate)}`)
}

/**
 * Who and when, then the packet's own fields one by one: `{ ...packet, who, when }` makes V8 give up on the shape of the
 * object, which costs microseconds, here and wherever it is read.
 */
function fillIn(packet: NetworkPacket, { identifier, time }: Stamp): NetworkPacket {
  if (packet.sourceOriginTime !== undefined && packet.sourceOriginIdentifier !== undefined) return packet
  const filled: Record<string, unknown> = { type: packet.type, sourceOriginTime: time }
  if (identifier !== '') filled.sourceOriginIdentifier = identifier
  for (const name of Object.keys(packet)) {
    const value = packet[name as keyof NetworkPacket]
    if (value !== undefined) filled[name] = value
  }
  return filled as unknown as NetworkPacket
}
