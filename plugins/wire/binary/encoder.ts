/**
 * Packet to frame: a fixed head, the structured fields as JSON, and the raw bytes by reference.
 */
import { P2PNetError, type Frame, type NetworkPacket, type PacketRegistry } from '../../../core/index.ts'
import { codeCredit, codeNamed, codeOf, flagBulk, headBytes, version } from './layout.ts'

export interface EncoderOptions {
  readonly types: PacketRegistry
  readonly frameBytes: number
  readonly headerBytes: number
  /** This node's own name, which a channel's peer knows already. */
  readonly identifier: () => string
}

/** @throws P2PNetError E_PACKET_UNKNOWN, E_PACKET_INVALID, E_FRAME_TOO_LARGE */
export function encode(packet: NetworkPacket, options: EncoderOptions): Frame {
  const type = options.types.get(packet.type)
  if (type === undefined)
    throw new P2PNetError('E_PACKET_UNKNOWN', `no plugin registers the packet type ${packet.type}`)
  const code = codeOf.get(packet.type) ?? codeNamed
  const payload =
    type.bytesField === undefined ? undefined : (packet as unknown as Record<string, Uint8Array>)[type.bytesField]
  const header = headerOf(packet, code, type.bytesField, options.identifier())
  const headerLength = Buffer.byteLength(header)
  if (headerLength > options.headerBytes)
    throw new P2PNetError(
      'E_FRAME_TOO_LARGE',
      `the fields of ${packet.type} take ${String(headerLength)} bytes, of ${String(options.headerBytes)}`,
    )
  const payloadLength = payload?.byteLength ?? 0
  const bytes = headBytes + headerLength + payloadLength
  if (bytes > options.frameBytes)
    throw new P2PNetError(
      'E_FRAME_TOO_LARGE',
      `${packet.type} takes ${String(bytes)} bytes, of ${String(options.frameBytes)}`,
    )

  const lane = type.laneOf(packet)
  const head = Buffer.allocUnsafe(headBytes + headerLength)
  writeHead(head, bytes, code, lane === 'bulk' ? flagBulk : 0, headerLength, packet.sourceOriginTime ?? NaN)
  head.write(header, headBytes)
  return { head, lane, bytes, ...(payload !== undefined && payloadLength > 0 && { payload }) }
}

/** A frame that lets the other side send this many more bytes of bulk. */
export function encodeCredit(bytes: number): Frame {
  const head = Buffer.allocUnsafe(headBytes)
  writeHead(head, headBytes, codeCredit, 0, bytes, NaN)
  return { head, lane: 'control', bytes: headBytes }
}

function writeHead(head: Buffer, bytes: number, code: number, flags: number, headerLength: number, time: number): void {
  head.writeUInt32BE(bytes - 4, 0)
  head[4] = version
  head[5] = code
  head[6] = flags
  head[7] = 0
  head.writeUInt32BE(headerLength, 8)
  head.writeDoubleBE(time, 12)
}

/** What the head does not say. An Identifier packet introduces its sender, so it always carries the name. */
function headerOf(packet: NetworkPacket, code: number, bytesField: string | undefined, own: string): string {
  const {
    type,
    sourceOriginTime: _time,
    sourceOriginIdentifier: origin,
    ...fields
  } = packet as NetworkPacket & Record<string, unknown>
  if (bytesField !== undefined) delete fields[bytesField]
  if (code === codeNamed) fields.type = type
  if (origin !== undefined && (origin !== own || type === 'Identifier')) fields.sourceOriginIdentifier = origin
  return JSON.stringify(fields)
}
