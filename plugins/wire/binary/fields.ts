/**
 * The fields of a header, one after the other: integers and doubles big-endian, texts as UTF-8 behind a length of two
 * bytes. A reader takes nothing on trust: what is short, left over or no UTF-8 is E_FRAME_INVALID.
 */
import { isUtf8 } from 'node:buffer'
import { P2PNetError } from '../../../core/index.ts'
import { invalid } from '../shared/invalid.ts'

/** Longest text in a header, in bytes of UTF-8. */
const longestText = 0xffff

export class FieldWriter {
  #bytes = Buffer.allocUnsafe(256)
  #at = 0

  get written(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  u8(value: number): void {
    this.#room(1)
    this.#bytes[this.#at++] = value
  }

  u16(value: number): void {
    this.#room(2)
    this.#at = this.#bytes.writeUInt16BE(value, this.#at)
  }

  u32(value: number): void {
    this.#room(4)
    this.#at = this.#bytes.writeUInt32BE(value, this.#at)
  }

  f64(value: number): void {
    this.#room(8)
    this.#at = this.#bytes.writeDoubleBE(value, this.#at)
  }

  /** @throws P2PNetError E_FRAME_TOO_LARGE */
  text(value: string): void {
    const length = Buffer.byteLength(value)
    if (length > longestText)
      throw new P2PNetError('E_FRAME_TOO_LARGE', `a text of ${String(length)} bytes, of ${String(longestText)}`)
    this.u16(length)
    this.#room(length)
    this.#at += this.#bytes.write(value, this.#at)
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.byteLength) return
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.byteLength * 2, this.#at + bytes))
    this.#bytes.copy(grown, 0, 0, this.#at)
    this.#bytes = grown
  }
}

export class FieldReader {
  readonly #bytes: Buffer
  readonly #end: number
  #at: number

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  u8(): number {
    return this.#bytes[this.#take(1)] ?? 0
  }

  u16(): number {
    return this.#bytes.readUInt16BE(this.#take(2))
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#take(4))
  }

  f64(): number {
    return this.#bytes.readDoubleBE(this.#take(8))
  }

  text(): string {
    const length = this.u16()
    const start = this.#take(length)
    return readText(this.#bytes, start, start + length)
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#end - this.#at
  }

  #take(bytes: number): number {
    const start = this.#at
    if (this.#end - start < bytes) throw invalid('the header ends within a field')
    this.#at += bytes
    return start
  }
}

/** A text of UTF-8 and nothing else: two spellings of one text must not be taken for the same. */
export function readText(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end)
  // Decoding puts U+FFFD for what is no UTF-8; it may also stand there by right.
  if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end))) throw invalid('a text is no UTF-8')
  return text
}
