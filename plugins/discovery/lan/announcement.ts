/** What is announced, and as which bytes: an Identifier packet in the node's own wire format, one to a datagram. */
import {
  messageOf,
  type Frame,
  type IdentifierPacket,
  type NetworkPacket,
  type PacketRegistry,
  type PluginContext,
  type Wire,
} from '../../../core/index.ts'
import { reachedAt } from './reach.ts'
import type { Voice } from './voices.ts'

/** Fits into one packet on any link. */
export const maxDatagram = 1200

/** Undefined where nobody on the link could dial what it says. */
export async function composeAnnouncement(
  ctx: PluginContext,
  { link, address }: Voice,
): Promise<IdentifierPacket | undefined> {
  const { network, clock } = ctx
  const [listening] = network.listening
  const reached = listening && reachedAt(listening.host, address, link)
  if (listening === undefined || reached === undefined) return undefined
  const packet: IdentifierPacket = {
    type: 'Identifier',
    message: '',
    data: listening.port,
    // A zone means something on this machine only, and the receiver sees the address anyway.
    ...(!reached.includes('%') && { ip: reached }),
    network: network.name,
    sourceOriginIdentifier: network.identifier,
    sourceOriginTime: clock.now(),
  }
  return (await network.ask('discovery.announce', packet)) ?? packet
}

/** The same without what a receiver can do without. */
export function shortened(
  { message: _message, ip, ...packet }: IdentifierPacket,
  { address }: Voice,
): IdentifierPacket {
  return ip === undefined || ip === address ? packet : { ...packet, ip }
}

/** A node that listens nowhere: whoever has said so is leaving. Nodes that know no farewell pass it over. */
export function farewell(packet: IdentifierPacket, time: number): IdentifierPacket {
  return { ...packet, data: 0, sourceOriginTime: time }
}

/** What whoever is no node says to be told who is there. Made of room for the answer, which may not be longer. */
const question = 'who is there?'.padEnd(250)

/**
 * Asks every node, of whatever network, to say who it is to the socket that this comes from. `time`: another makes it
 * another question.
 */
export function inquiry(time: number): IdentifierPacket {
  return { type: 'Identifier', message: question, data: 0, sourceOriginTime: time }
}

export function isInquiry({ message, data, sourceOriginIdentifier }: IdentifierPacket): boolean {
  return data === 0 && sourceOriginIdentifier === undefined && message === question
}

/** Undefined, and a line in the log, for what cannot be sent. */
export function toDatagram(ctx: PluginContext, wire: Wire, packet: IdentifierPacket): Uint8Array | undefined {
  try {
    const datagram = datagramOf(wire, packet)
    if (datagram.byteLength <= maxDatagram) return datagram
    ctx.log.warn('the announcement is too long to send', { bytes: datagram.byteLength, limit: maxDatagram })
  } catch (error) {
    ctx.log.warn('the announcement cannot be sent', { error: messageOf(error) })
  }
  return undefined
}

/** @throws P2PNetError as the wire's encoder */
export function datagramOf(wire: Wire, packet: IdentifierPacket): Uint8Array {
  return wire.datagrams?.encode(packet) ?? inOnePiece(wire.encode(packet))
}

/** The Identifier packet in a datagram that anybody may have sent. Undefined if there is none. */
export function packetIn(datagram: Uint8Array, wire: Wire, packets: PacketRegistry): IdentifierPacket | undefined {
  try {
    const packet = wire.datagrams === undefined ? firstOf(wire, datagram) : wire.datagrams.decode(datagram)
    if (packet?.type !== 'Identifier' || packets.get('Identifier')?.validate(packet) !== true) return undefined
    return packet as IdentifierPacket
  } catch {
    return undefined // who sent it is anybody's guess, so what is wrong with it is of no use to anyone
  }
}

function firstOf(wire: Wire, datagram: Uint8Array): NetworkPacket | undefined {
  const decoder = wire.createDecoder({ frameBytes: maxDatagram })
  decoder.push(datagram)
  return decoder.next()
}

function inOnePiece({ head, payload }: Frame): Uint8Array {
  return Buffer.concat(payload === undefined ? [head] : [head, payload])
}
