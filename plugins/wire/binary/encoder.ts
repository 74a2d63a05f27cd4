/**
 * Packet to frame: a fixed head, the fields of the type, and raw bytes by reference.
 */
import {
  P2PNetError,
  type Frame,
  type Lane,
  type NetworkPacket,
  type PacketRegistry,
  type PacketType,
  type PureMessagePacket,
  type Stamp,
} from '../../../core/index.ts'
import { Arena } from '../shared/arena.ts'
import { codecs } from './codecs.ts'
import { FieldWriter } from './fields.ts'
import { codeCredit, codeMessage, codeNamed, codeOf, flagBulk, flagOrigin, headBytes, version } from './layout.ts'

export interface EncoderOptions {
  readonly types: PacketRegistry
  readonly frameBytes: number
  readonly headerBytes: number
  /** This node's own name, which a channel's peer knows already. */
  readonly identifier: () => string
}

export class BinaryEncoder {
  readonly #options: EncoderOptions
  readonly #arena = new Arena()

  constructor(options: EncoderOptions) {
    this.#options = options
  }

  /** @throws P2PNetError E_PACKET_UNKNOWN, E_FRAME_TOO_LARGE */
  encode(packet: NetworkPacket, stamp?: Stamp): Frame {
    const type = this.#options.types.get(packet.type)
    if (type === undefined)
      throw new P2PNetError('E_PACKET_UNKNOWN', `no plugin registers the packet type ${packet.type}`)
    const code = codeOf.get(packet.type) ?? codeNamed
    const time = packet.sourceOriginTime ?? stamp?.time ?? NaN
    const lane = type.laneOf(packet)
    const origin = this.#foreign(packet, stamp)
    if (code === codeMessage && origin === undefined) return this.#message(packet as PureMessagePacket, time, lane)

    const header = headerOf(packet, code, type, origin)
    if (header.byteLength > this.#options.headerBytes)
      throw tooLarge(`the fields of ${packet.type} take`, header.byteLength, this.#options.headerBytes)
    const payload = payloadOf(packet, code, type)
    const bytes = this.#checked(packet.type, headBytes + header.byteLength + (payload?.byteLength ?? 0))
    const flags = (lane === 'bulk' ? flagBulk : 0) | (origin === undefined ? 0 : flagOrigin)
    const head = this.#arena.take(headBytes + header.byteLength)
    writeHead(head, bytes, code, flags, header.byteLength, time)
    head.set(header, headBytes)
    return payload === undefined || payload.byteLength === 0 ? { head, lane, bytes } : { head, payload, lane, bytes }
  }

  /** A frame that lets the other side send this many more bytes of bulk. */
  encodeCredit(credit: number): Frame {
    const head = this.#arena.take(headBytes)
    writeHead(head, headBytes, codeCredit, 0, credit, NaN)
    return { head, lane: 'control', bytes: headBytes }
  }

  /** The shortest way, for what is sent most. */
  #message({ message }: PureMessagePacket, time: number, lane: Lane): Frame {
    const bytes = this.#checked('PureMessage', headBytes + Buffer.byteLength(message))
    const head = this.#arena.take(bytes)
    writeHead(head, bytes, codeMessage, lane === 'bulk' ? flagBulk : 0, 0, time)
    head.write(message, headBytes)
    return { head, lane, bytes }
  }

  /** A name that the other side would not fill in by itself. */
  #foreign(packet: NetworkPacket, stamp: Stamp | undefined): string | undefined {
    const origin = packet.sourceOriginIdentifier
    if (packet.type === 'Identifier') return origin ?? stamp?.identifier
    return origin === undefined || origin === this.#options.identifier() ? undefined : origin
  }

  #checked(type: string, bytes: number): number {
    if (bytes > this.#options.frameBytes) throw tooLarge(`${type} takes`, bytes, this.#options.frameBytes)
    return bytes
  }
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

function headerOf(packet: NetworkPacket, code: number, type: PacketType, origin: string | undefined): Buffer {
  const codec = codecs[code]
  if (codec === undefined && code === codeNamed && origin === undefined) return Buffer.from(jsonOf(packet, type))
  const out = new FieldWriter()
  if (origin !== undefined) out.text(origin)
  if (codec !== undefined) codec.write(packet as never, out)
  if (code !== codeNamed) return out.written
  return Buffer.concat([out.written, Buffer.from(jsonOf(packet, type))])
}

function payloadOf(packet: NetworkPacket, code: number, type: PacketType): Uint8Array | undefined {
  if (code === codeMessage) return Buffer.from((packet as PureMessagePacket).message)
  if (type.bytesField === undefined) return undefined
  return (packet as unknown as Record<string, Uint8Array | undefined>)[type.bytesField]
}

/** What stands nowhere else in the frame. */
function jsonOf(packet: NetworkPacket, { bytesField }: PacketType): string {
  // Copying a packet costs about what turning it into text does; mostly there is nothing to leave out.
  if (bytesField === undefined && packet.sourceOriginTime === undefined && packet.sourceOriginIdentifier === undefined)
    return JSON.stringify(packet)
  const left = new Set(['sourceOriginTime', 'sourceOriginIdentifier', bytesField])
  return JSON.stringify(Object.fromEntries(Object.entries(packet).filter(([name]) => !left.has(name))))
}

function tooLarge(what: string, bytes: number, limit: number): P2PNetError {
  return new P2PNetError('E_FRAME_TOO_LARGE', `${what} ${String(bytes)} bytes, of ${String(limit)}`)
}
