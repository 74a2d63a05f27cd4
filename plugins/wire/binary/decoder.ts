/**
 * Chunks to packets. Every length is checked as soon as its bytes are there and before anything is buffered for it; a
 * frame that lies within one chunk is never copied, and its payload is a view into that chunk.
 */
import { isUtf8 } from 'node:buffer'
import {
  P2PNetError,
  type Decoder,
  type DecoderLimits,
  type NetworkPacket,
  type PacketRegistry,
} from '../../../core/index.ts'
import { nestsDeeper } from './json-depth.ts'
import { codeCredit, codeNamed, codeOf, flagBulk, headBytes, standardTypes, version } from './layout.ts'

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
      const whole = this.#have === 0 ? this.#fromChunk() : this.#fromPieces()
      if (whole === undefined) return undefined
      const packet = this.#read(whole)
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

  /** A whole frame at the head of the chunk; else the rest of the chunk is kept as its first piece. */
  #fromChunk(): Buffer | undefined {
    const available = this.#chunk.byteLength - this.#at
    if (available >= headBytes) {
      const total = this.#check(this.#chunk, this.#at)
      if (available >= total) {
        const frame = this.#chunk.subarray(this.#at, this.#at + total)
        this.#at += total
        return frame
      }
      this.#total = total
    }
    if (available > 0) this.#keep(available)
    else this.#chunk = none
    return undefined
  }

  #fromPieces(): Buffer | undefined {
    for (;;) {
      const goal = this.#total === 0 ? headBytes : this.#total
      const available = this.#chunk.byteLength - this.#at
      if (available === 0 && this.#have < goal) return undefined
      this.#keep(Math.min(goal - this.#have, available))
      if (this.#have < goal) return undefined
      if (this.#total === 0) {
        this.#total = this.#check(this.#room, 0)
        if (this.#have < this.#total) continue
      }
      const frame = this.#room.subarray(0, this.#total)
      this.#room = none
      this.#have = this.#total = 0
      return frame
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
    if ((flags & ~flagBulk) !== 0) throw invalid(`flags ${String(flags)} of the frame are unknown`)
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
  #read(frame: Buffer): NetworkPacket | undefined {
    const code = frame[5] ?? codeNamed
    if (code === codeCredit) {
      this.#credit += frame.readUInt32BE(8)
      return undefined
    }
    const bodyAt = headBytes + frame.readUInt32BE(8)
    const packet = this.#fields(frame.subarray(headBytes, bodyAt))
    const name = nameOf(packet, code)
    packet.type = name
    if (packet.sourceOriginTime !== undefined) throw invalid('the time stands in the header')
    const time = frame.readDoubleBE(12)
    if (!Number.isNaN(time)) packet.sourceOriginTime = time
    if (((frame[6] ?? 0) & flagBulk) !== 0) this.#bulk += frame.byteLength
    const type = this.#options.types.get(name)
    if (type === undefined) return packet as unknown as NetworkPacket
    const { bytesField } = type
    if (bytesField === undefined) {
      if (bodyAt < frame.byteLength) throw invalid(`${name} has no payload`)
    } else if (packet[bytesField] !== undefined) throw invalid(`${bytesField} of ${name} stands in the header`)
    else packet[bytesField] = frame.subarray(bodyAt)
    return packet as unknown as NetworkPacket
  }

  #fields(header: Buffer): Record<string, unknown> {
    const { jsonDepth } = this.#options
    if (nestsDeeper(header, jsonDepth)) throw invalid(`the header nests deeper than ${String(jsonDepth)}`)
    const text = header.toString('utf8')
    // Decoding puts U+FFFD for what is no UTF-8; two spellings of one text must not be taken for the same.
    if (text.includes('\ufffd') && !isUtf8(header)) throw invalid('the header is no UTF-8')
    let fields: unknown
    try {
      fields = JSON.parse(text)
    } catch (error) {
      throw invalid('the header is no JSON', error)
    }
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
      throw invalid('the header is no JSON object')
    if (Object.hasOwn(fields, '__proto__')) throw invalid('the header has a field named __proto__')
    return fields as Record<string, unknown>
  }
}

/** The packet's type has one place: the code of a standard type, else the header. */
function nameOf(packet: Record<string, unknown>, code: number): string {
  const { type } = packet
  const standard = standardTypes[code]
  if (standard !== undefined) {
    if (type !== undefined) throw invalid('a standard type is named in the header')
    return standard
  }
  if (typeof type !== 'string' || codeOf.has(type)) throw invalid('the frame does not name its type')
  return type
}

function invalid(words: string, cause?: unknown): P2PNetError {
  return new P2PNetError('E_FRAME_INVALID', words, { cause })
}
