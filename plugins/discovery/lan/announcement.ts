/** What is announced, and as which bytes: an Identifier packet in the node's own wire format, one to a datagram. */
import { messageOf, type Frame, type IdentifierPacket, type PluginContext, type Wire } from '../../../core/index.ts'
import { isReachable, type Link } from './links.ts'

/** Fits into one packet on any link. */
export const maxDatagram = 1200

/** Sent from `address`, an address on the link. Undefined where nobody on the link could dial what it says. */
export async function composeAnnouncement(
  ctx: PluginContext,
  link: Link,
  address: string,
): Promise<IdentifierPacket | undefined> {
  const { network, clock } = ctx
  const [listening] = network.listening
  if (listening === undefined || !isReachable(listening.host, address, link)) return undefined
  const packet: IdentifierPacket = {
    type: 'Identifier',
    message: '',
    data: listening.port,
    ip: address,
    network: network.name,
    sourceOriginIdentifier: network.identifier,
    sourceOriginTime: clock.now(),
  }
  return (await network.ask('discovery.announce', packet)) ?? packet
}

/** The same without what a receiver can do without. */
export function shortened({ message: _message, ip: _ip, ...packet }: IdentifierPacket): IdentifierPacket {
  return packet
}

/** Undefined, and a line in the log, for what cannot be sent. */
export function toDatagram(ctx: PluginContext, wire: Wire, packet: IdentifierPacket): Uint8Array | undefined {
  try {
    const datagram = wire.datagrams?.encode(packet) ?? inOnePiece(wire.encode(packet))
    if (datagram.byteLength <= maxDatagram) return datagram
    ctx.log.warn('the announcement is too long to send', { bytes: datagram.byteLength, limit: maxDatagram })
  } catch (error) {
    ctx.log.warn('the announcement cannot be sent', { error: messageOf(error) })
  }
  return undefined
}

function inOnePiece({ head, payload }: Frame): Uint8Array {
  return Buffer.concat(payload === undefined ? [head] : [head, payload])
}
