/**
 * Chunks to packets. Every length is checked as soon as its bytes are there and before anything is buffered for it; a
 * frame that lies within one chunk is never copied, and its payload is a view into that chunk.
 */
import {
  attachPieces,
  type Decoder,
  type DecoderLimits,
  type Lease,
  type NetworkPacket,
  type PacketRegistry,
  type PacketType,
  type ReadMemory,
} from '../../../core/index.ts'
import { invalid } from '../shared/invalid.ts'
import { parseObject } from '../shared/json-object.ts'
import { codecs } from './codecs.ts'
import { FieldReader, readText } from './fields.ts'
import { Assembly, type FrameLengths } from './assembly.ts'
import { checkHead } from './frame-head.ts'
import {
  codeCredit,
  codeMessage,
  codeNamed,
  codeOf,
  flagBulk,
  flagOrigin,
  headBytes,
  standardTypes,
  viewsFrom,
} from './layout.ts'
import { Views } from './views.ts'

export interface DecoderOptions {
  readonly types: PacketRegistry
  readonly headerBytes: number
  readonly jsonDepth: number
}

type Fields = Record<string, unknown>
/** What follows the header; as views where it came in several reads, or lies in memory that is lent. */
type Payload = Buffer | Views

const none = Buffer.alloc(0)
/** Takes a head and the header of a large payload. */
const frontBytes = 64
/** Memory in which nothing stays. */
const onlyNow: ReadMemory = { keep: () => undefined }

export class BinaryDecoder implements Decoder, FrameLengths {
  limits: DecoderLimits
  readonly #options: DecoderOptions
  #chunk: Buffer = none
  #at = 0
  /** Where the chunk lies, if that is read into again. */
  #memory: ReadMemory | undefined
  /** Holds a chunk that nobody pulls for now. */
  #rest: Lease | undefined
  /** Where heads are put together; a payload that happens to fit in it is copied out. */
  #front: Buffer | undefined
  /** The frame that began in an earlier chunk. */
  #assembly: Assembly | undefined
  #bulk = 0
  #credit = 0

  constructor(limits: DecoderLimits, options: DecoderOptions) {
    this.limits = limits
    this.#options = options
  }

  push(chunk: Uint8Array, memory?: ReadMemory): void {
    this.#memory = memory
    this.#chunk = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    this.#at = 0
  }

  next(): NetworkPacket | undefined {
    for (;;) {
      const chunk = this.#chunk
      const at = this.#at
      const available = chunk.byteLength - at
      if (available === 0) {
        this.#finish()
        return undefined
      }
      let packet: NetworkPacket | undefined
      if (this.#assembly === undefined && available >= headBytes) {
        const total = this.lengthOf(chunk, at)
        if (available >= total) {
          this.#at += total
          packet = this.#read(chunk, at, total, this.#memory)
        } else this.#assemble()
      } else packet = this.#assemble()
      if (packet !== undefined) return packet
    }
  }

  keepRest(): void {
    if (this.#memory === undefined || this.#rest !== undefined) return
    const rest = this.#chunk.byteLength - this.#at
    if (rest >= viewsFrom) this.#rest = this.#memory.keep()
    if (this.#rest !== undefined) return
    this.#chunk = rest === 0 ? none : Buffer.from(this.#chunk.subarray(this.#at))
    this.#at = 0
    this.#memory = undefined
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

  /** Length of the frame whose head stands here. */
  lengthOf(from: Buffer, at: number): number {
    return checkHead(from, at, this.limits.frameBytes, this.#options.headerBytes)
  }

  /** The packet of a frame in several chunks; undefined while it is not whole. */
  #assemble(): NetworkPacket | undefined {
    const assembly = (this.#assembly ??= new Assembly(this, (this.#front ??= Buffer.allocUnsafe(frontBytes))))
    this.#at += assembly.take(this.#chunk, this.#at, this.#memory)
    if (!assembly.isWhole) return undefined
    this.#assembly = undefined
    assembly.views?.close()
    const memory = assembly.front === this.#front ? onlyNow : undefined
    return this.#read(assembly.front, 0, assembly.total, memory, assembly.views)
  }

  #finish(): void {
    this.#chunk = none
    this.#at = 0
    this.#memory = undefined
    this.#rest?.release()
    this.#rest = undefined
  }

  /** The packet of a whole frame; undefined for credit. */
  #read(frame: Buffer, at: number, total: number, memory?: ReadMemory, views?: Views): NetworkPacket | undefined {
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
    const payload = views ?? payloadOf(frame, bodyAt, end, code === codeMessage ? undefined : memory)
    if (code === codeNamed && flags < flagOrigin) {
      const packet = this.#named(frame, at, start, bodyAt, payload)
      if (!Number.isNaN(time)) packet.sourceOriginTime = time
      return packet as unknown as NetworkPacket
    }
    const reader = new FieldReader(frame, start, bodyAt)
    const origin = (flags & flagOrigin) === 0 ? undefined : reader.text()
    const packet =
      code === codeNamed
        ? this.#named(frame, at, bodyAt - reader.left, bodyAt, payload)
        : this.#standard(code, reader, payload)
    if (!Number.isNaN(time)) packet.sourceOriginTime = time
    if (origin !== undefined) packet.sourceOriginIdentifier = origin
    return packet as unknown as NetworkPacket
  }

  /** A packet that is JSON and names its own type. */
  #named(frame: Buffer, at: number, start: number, end: number, payload: Payload): Fields {
    const text = readText(frame, start, end)
    const packet = parseObject(text, 'the header', this.#options.jsonDepth)
    if (typeof packet.type !== 'string' || codeOf.has(packet.type)) throw invalid('the frame does not name its type')
    if (packet.sourceOriginTime !== undefined || packet.sourceOriginIdentifier !== undefined)
      throw invalid('the time or the origin stands among the fields')
    const type = this.#options.types.get(packet.type)
    if (type === undefined) return packet // nobody knows it: that is for the kernel to say
    if (type.bare && !(isBare(frame, at) && JSON.stringify(packet) === text))
      throw invalid(`${type.name} is not in its one spelling`)
    attach(packet, type, payload)
    return packet
  }

  /** A packet whose fields have a codec. */
  #standard(code: number, reader: FieldReader, payload: Payload): Fields {
    const packet: Fields = { type: standardTypes[code] }
    codecs[code]?.read(reader, packet as never)
    if (reader.left > 0) throw invalid('the header is longer than its fields')
    if (code === codeMessage) {
      packet.message = readText(payload as Buffer, 0, (payload as Buffer).byteLength)
      return packet
    }
    const type = this.#options.types.get(packet.type as string)
    if (type !== undefined) attach(packet, type, payload)
    return packet
  }
}

/** The head says nothing but lengths: no flag, and of all doubles that are no number the one that an encoder writes. */
function isBare(frame: Buffer, at: number): boolean {
  return frame[at + 6] === 0 && frame.readUInt32BE(at + 12) === 0x7ff80000 && frame.readUInt32BE(at + 16) === 0
}

/** A view where the frame is ours, or stays; else a copy. */
function payloadOf(frame: Buffer, start: number, end: number, memory: ReadMemory | undefined): Payload {
  if (start === end) return none
  if (memory === undefined) return frame.subarray(start, end)
  if (end - start < viewsFrom) return Buffer.from(frame.subarray(start, end))
  const views = new Views()
  views.add(frame, start, end, end - start, memory)
  return views
}

const lengthOf = (payload: Payload): number => (Buffer.isBuffer(payload) ? payload.byteLength : payload.bytes)

function attach(packet: Fields, { name, bytesField }: PacketType, payload: Payload): void {
  if (bytesField === undefined) {
    if (lengthOf(payload) > 0) throw invalid(`${name} has no payload`)
  } else if (packet[bytesField] !== undefined) throw invalid(`${bytesField} of ${name} stands in the header`)
  else if (Buffer.isBuffer(payload)) packet[bytesField] = payload
  else attachPieces(packet, bytesField, payload.list, payload.leases)
}
