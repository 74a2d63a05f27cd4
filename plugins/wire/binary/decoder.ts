/**
 * Chunks to packets. Every length is checked as soon as its bytes are there and before anything is buffered for it; a
 * frame that lies within one chunk is never copied, and its payload is a view into that chunk.
 */
import {
  P2PNetError,
  type Decoder,
  type DecoderLimits,
  type NetworkPacket,
  type PacketRegistry,
} from '../../../core/index.ts'
import { invalid } from '../shared/invalid.ts'
import { parseObject } from '../shared/json-object.ts'
import { codecs } from './codecs.ts'
import { FieldReader, readText } from './fields.ts'
import {
  codeCredit,
  codeMessage,
  codeNamed,
  codeOf,
  flagBulk,
  flagOrigin,
  headBytes,
  standardTypes,
  version,
} from './layout.ts'

export interface DecoderOptions {
  readonly types: PacketRegistry
  readonly headerBytes: number
  readonly jsonDepth: number
}

/** Room for a frame that comes in pieces: this much at first, then four times as much, so that a lie costs little. */
const firstRoom = 65_536

const none = Buffer.alloc(0)

export class BinaryDecoder implements Decoder {
  limits: DecoderLimits
  readonly #options: DecoderOptions
  #chunk: Buffer = none
  #at = 0
  /** A frame in pieces: what is there of it, and how long it is (0 while its head is not whole). */
  #room: Buffer = none
  #have = 0
  #total = 0
  /** Where the frame stands that is read now. */
  #frame: Buffer = none
  #frameAt = 0
  #bulk = 0
  #credit = 0

  constructor(limits: DecoderLimits, options: DecoderOptions) {
    this.limits = limits
    this.#options = options
  }

  push(chunk: Uint8Array): void {
    this.#chunk = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    this.#at = 0
  }

  next(): NetworkPacket | undefined {
    for (;;) {
      const total = this.#have === 0 ? this.#fromChunk() : this.#fromPieces()
      if (total === 0) return undefined
      const packet = this.#read(this.#frame, this.#frameAt, total)
      if (packet !== undefined) return packet
    }
  }

  takeBulk(): number {
    const bytes = this.#bulk
    this.#bulk = 0
    return bytes
  }

  takeCredit(): number {
    const bytes = this.#credit
    this.#credit = 0
    return bytes
  }

  /** Length of the whole frame that #frame and #frameAt now point at; 0: the rest of the chunk is kept as a piece. */
  #fromChunk(): number {
    const available = this.#chunk.byteLength - this.#at
    if (available >= headBytes) {
      const total = this.#check(this.#chunk, this.#at)
      if (available >= total) {
        this.#frame = this.#chunk
        this.#frameAt = this.#at
        this.#at += total
        return total
      }
      this.#total = total
    }
    if (available > 0) this.#keep(available)
    else this.#chunk = this.#frame = none
    return 0
  }

  #fromPieces(): number {
    for (;;) {
      const goal = this.#total === 0 ? headBytes : this.#total
      const available = this.#chunk.byteLength - this.#at
      if (available === 0 && this.#have < goal) return 0
      this.#keep(Math.min(goal - this.#have, available))
      if (this.#have < goal) return 0
      if (this.#total === 0) {
        this.#total = this.#check(this.#room, 0)
        if (this.#have < this.#total) continue
      }
      const total = this.#total
      this.#frame = this.#room
      this.#frameAt = 0
      this.#room = none
      this.#have = this.#total = 0
      return total
    }
  }

  #keep(bytes: number): void {
    const wanted = this.#have + bytes
    if (wanted > this.#room.byteLength) {
      const grown = Math.max(firstRoom, this.#room.byteLength * 4, wanted)
      const room = Buffer.allocUnsafe(this.#total === 0 ? Math.max(headBytes, wanted) : Math.min(grown, this.#total))
      this.#room.copy(room, 0, 0, this.#have)
      this.#room = room
    }
    this.#chunk.copy(this.#room, this.#have, this.#at, this.#at + bytes)
    this.#have = wanted
    this.#at += bytes
    if (this.#at === this.#chunk.byteLength) {
      this.#chunk = none
      this.#at = 0
    }
  }

  /** Length of the frame whose head stands here. */
  #check(from: Buffer, at: number): number {
    const total = from.readUInt32BE(at) + 4
    const seen = from[at + 4]
    if (seen !== version) throw invalid(`version ${String(seen)} of the frame is unknown`)
    if (total < headBytes || from[at + 7] !== 0) throw invalid('the head of the frame is malformed')
    if (total > this.limits.frameBytes)
      throw new P2PNetError(
        'E_FRAME_TOO_LARGE',
        `a frame of ${String(total)} bytes, of ${String(this.limits.frameBytes)}`,
      )
    const code = from[at + 5] ?? codeNamed
    const flags = from[at + 6] ?? 0
    if (code === codeCredit) {
      if (total !== headBytes || flags !== 0) throw invalid('a credit frame has a body or flags')
      return total
    }
    if (code !== codeNamed && standardTypes[code] === undefined) throw invalid(`type code ${String(code)} is unknown`)
    if ((flags & ~(flagBulk | flagOrigin)) !== 0) throw invalid(`flags ${String(flags)} of the frame are unknown`)
    const headerLength = from.readUInt32BE(at + 8)
    if (headerLength > total - headBytes) throw invalid('the header is longer than its frame')
    if (headerLength > this.#options.headerBytes)
      throw new P2PNetError(
        'E_FRAME_TOO_LARGE',
        `a header of ${String(headerLength)} bytes, of ${String(this.#options.headerBytes)}`,
      )
    return total
  }

  /** The packet of a whole frame; undefined for credit. */
  #read(frame: Buffer, at: number, total: number): NetworkPacket | undefined {
    const code = frame[at + 5] ?? codeNamed
    const headerLength = frame.readUInt32BE(at + 8)
    if (code === codeCredit) {
      this.#credit += headerLength
      return undefined
    }
    const flags = frame[at + 6] ?? 0
    if ((flags & flagBulk) !== 0) this.#bulk += total
    const start = at + headBytes
    const bodyAt = start + headerLength
    const end = at + total
    const time = frame.readDoubleBE(at + 12)
    if (code === codeMessage && headerLength === 0 && flags < flagOrigin) {
      const message = readText(frame, bodyAt, end)
      return (Number.isNaN(time)
        ? { type: 'PureMessage', message }
        : { type: 'PureMessage', message, sourceOriginTime: time }) as unknown as NetworkPacket
    }
    const reader = new FieldReader(frame, start, bodyAt)
    const origin = (flags & flagOrigin) === 0 ? undefined : reader.text()
    const packet = code === codeNamed ? this.#named(frame, bodyAt - reader.left, bodyAt) : standard(code, reader)
    if (!Number.isNaN(time)) packet.sourceOriginTime = time
    if (origin !== undefined) packet.sourceOriginIdentifier = origin
    this.#attach(packet, code, frame, bodyAt, end)
    return packet as unknown as NetworkPacket
  }

  /** Gives the packet its payload. */
  #attach(packet: Record<string, unknown>, code: number, frame: Buffer, start: number, end: number): void {
    if (code === codeMessage) {
      packet.message = readText(frame, start, end)
      return
    }
    const name = packet.type as string
    const type = this.#options.types.get(name)
    if (type === undefined) return
    const { bytesField } = type
    if (bytesField === undefined) {
      if (start < end) throw invalid(`${name} has no payload`)
    } else if (packet[bytesField] !== undefined) throw invalid(`${bytesField} of ${name} stands in the header`)
    else packet[bytesField] = frame.subarray(start, end)
  }

  /** A packet that is JSON and names its own type. */
  #named(frame: Buffer, start: number, end: number): Record<string, unknown> {
    const packet = parseObject(readText(frame, start, end), 'the header', this.#options.jsonDepth)
    if (typeof packet.type !== 'string' || codeOf.has(packet.type)) throw invalid('the frame does not name its type')
    if (packet.sourceOriginTime !== undefined || packet.sourceOriginIdentifier !== undefined)
      throw invalid('the time or the origin stands among the fields')
    return packet
  }
}

function standard(code: number, reader: FieldReader): Record<string, unknown> {
  const packet: Record<string, unknown> = { type: standardTypes[code] }
  codecs[code]?.read(reader, packet as never)
  if (reader.left > 0) throw invalid('the header is longer than its fields')
  return packet
}
