/**
 * Packet to frame: a fixed head, the fields of the type, and raw bytes by reference. Everything is written where it
 * leaves from.
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
import { Arena, roomOf, type Slab } from '../shared/arena.ts'
import { SlabFrame } from '../shared/slab-frame.ts'
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
    if (origin === undefined && code === codeMessage) return this.#message(packet as PureMessagePacket, time, lane)
    if (origin === undefined && code === codeNamed) return this.#named(packet, type, time, lane)

    const header = headerOf(packet, code, type, origin)
    const slab = this.#arena.room(headBytes + header.byteLength)
    slab.bytes.set(header, slab.at + headBytes)
    const payload = code === codeMessage ? Buffer.from((packet as PureMessagePacket).message) : payloadOf(packet, type)
    const flags = origin === undefined ? 0 : flagOrigin
    return this.#frame(packet.type, slab, code, flags, header.byteLength, time, lane, payload)
  }

  /** A frame that lets the other side send this many more bytes of bulk. */
  encodeCredit(credit: number): Frame {
    const slab = this.#arena.room(headBytes)
    writeHead(slab, headBytes, codeCredit, 0, credit, NaN)
    return cut(slab, headBytes, 'control')
  }

  /** The shortest way, for what is sent most: no header, the text is the payload. */
  #message({ message }: PureMessagePacket, time: number, lane: Lane): Frame {
    const slab = this.#arena.room(headBytes + roomOf(message))
    const bytes = headBytes + slab.bytes.write(message, slab.at + headBytes)
    this.#check('PureMessage', bytes)
    writeHead(slab, bytes, codeMessage, lane === 'bulk' ? flagBulk : 0, 0, time)
    return cut(slab, bytes, lane)
  }

  /** A type without a codec: the header is its fields as JSON. */
  #named(packet: NetworkPacket, type: PacketType, time: number, lane: Lane): Frame {
    const json = jsonOf(packet, type)
    const slab = this.#arena.room(headBytes + roomOf(json))
    const header = slab.bytes.write(json, slab.at + headBytes)
    return this.#frame(packet.type, slab, codeNamed, 0, header, time, lane, payloadOf(packet, type))
  }

  /** The frame of a header that stands in the slab already. */
  #frame(
    type: string,
    slab: Slab,
    code: number,
    flags: number,
    header: number,
    time: number,
    lane: Lane,
    payload: Uint8Array | undefined,
  ): Frame {
    const { headerBytes } = this.#options
    if (header > headerBytes) throw tooLarge(`the fields of ${type} take`, header, headerBytes)
    const bytes = headBytes + header + (payload?.byteLength ?? 0)
    this.#check(type, bytes)
    writeHead(slab, bytes, code, lane === 'bulk' ? flags | flagBulk : flags, header, time)
    return cut(slab, headBytes + header, lane, payload)
  }

  /** A name that the other side would not fill in by itself. */
  #foreign(packet: NetworkPacket, stamp: Stamp | undefined): string | undefined {
    const origin = packet.sourceOriginIdentifier
    if (packet.type === 'Identifier') return origin ?? stamp?.identifier
    return origin === undefined || origin === this.#options.identifier() ? undefined : origin
  }

  #check(type: string, bytes: number): void {
    const { frameBytes } = this.#options
    if (bytes > frameBytes) throw tooLarge(`${type} takes`, bytes, frameBytes)
  }
}

function writeHead(
  { view, at }: Slab,
  bytes: number,
  code: number,
  flags: number,
  headerLength: number,
  time: number,
): void {
  view.setUint32(at, bytes - 4)
  view.setUint8(at + 4, version)
  view.setUint8(at + 5, code)
  view.setUint16(at + 6, flags << 8)
  view.setUint32(at + 8, headerLength)
  view.setFloat64(at + 12, time)
}

/** Takes the head that was written out of the slab. */
function cut(slab: Slab, bytes: number, lane: Lane, payload?: Uint8Array): Frame {
  const from = slab.at
  slab.at += bytes
  return new SlabFrame(slab.bytes.buffer, from, slab.at, lane, payload?.byteLength === 0 ? undefined : payload)
}

function headerOf(packet: NetworkPacket, code: number, type: PacketType, origin: string | undefined): Uint8Array {
  const out = new FieldWriter()
  if (origin !== undefined) out.text(origin)
  codecs[code]?.write(packet as never, out)
  if (code !== codeNamed) return out.written
  return Buffer.concat([out.written, Buffer.from(jsonOf(packet, type))])
}

function payloadOf(packet: NetworkPacket, { bytesField }: PacketType): Uint8Array | undefined {
  if (bytesField === undefined) return undefined
  return (packet as unknown as Record<string, Uint8Array | undefined>)[bytesField]
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
