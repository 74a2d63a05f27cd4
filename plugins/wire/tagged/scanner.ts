/**
 * Chunks to elements, in one pass: each byte is looked at once, however the chunks fall, and nothing of an element is
 * kept that could not be part of one within the limit. A chunk is turned into text once, a character a byte, so that
 * lengths are bytes and a cut within a UTF-8 sequence is none; an element that is not ASCII is decoded by itself.
 */
import { isAscii, isUtf8 } from 'node:buffer'
import { P2PNetError } from '../../../core/index.ts'
import { elementThatOpens, longestTag, type Element } from './elements.ts'

const none = Buffer.alloc(0)
/** Room for an element in pieces: this much at first, then twice as much, so that a lie costs little. */
const firstRoom = 1024

export class Scanner {
  /** Largest element in bytes, tags included. */
  limit: number
  /** What stood between the tags of the element that next() answered. */
  body = ''
  #chunk: Buffer = none
  #at = 0
  /** The chunk from #textAt on; empty until it is needed. */
  #text = ''
  #textAt = 0
  #isAscii = true
  /** The element of the tag before; most often the next one is of the same kind. */
  #last: Element | undefined
  /** The element whose end is awaited: how much of it came before this chunk, opening tag aside. */
  #open: Element | undefined
  #before = 0
  /** How much of its closing tag stood at the end of the chunk before. */
  #matched = 0
  /** What came of it before this chunk; or what came of an opening tag. */
  #room: Buffer = none
  #have = 0

  constructor(limit: number) {
    this.limit = limit
  }

  push(chunk: Uint8Array): void {
    this.#chunk = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    this.#at = 0
    this.#text = ''
  }

  /**
   * The next whole element that is known; its body stands in `body`. Undefined: more bytes are needed.
   * @throws P2PNetError E_FRAME_INVALID, E_FRAME_TOO_LARGE
   */
  next(): Element | undefined {
    for (;;) {
      let element = this.#open
      if (element !== undefined) {
        if (!this.#finish(element)) break
      } else if (this.#have > 0) {
        if (!this.#finishTag()) break
      } else {
        element = this.#scan()
        if (element === undefined) break
      }
      if (element?.type !== undefined && this.#open === undefined) return element
    }
    this.#chunk = none
    this.#text = ''
    this.#at = 0
    return undefined
  }

  /** An element at the head of the chunk; one whose end is not there is #open afterwards. */
  #scan(): Element | undefined {
    if (this.#text === '') this.#read()
    const text = this.#text
    let at = this.#at - this.#textAt
    while (isBlank(text.charCodeAt(at))) at++
    this.#at = this.#textAt + at
    if (at === text.length) return undefined
    let element = this.#last
    if (element === undefined || !text.startsWith(element.open, at)) element = this.#opening(text, at)
    if (element === undefined) return undefined
    this.#last = element
    const bodyAt = at + element.open.length
    const end = text.indexOf(element.close, bodyAt)
    this.#at = this.#textAt + bodyAt
    if (end === -1) {
      this.#keep(element, endingOf(this.#chunk, this.#at, element.closeBytes))
      return element
    }
    const after = end + element.close.length
    if (after - at > this.limit) throw this.#tooLarge(element)
    if (element.type !== undefined)
      this.body = this.#isAscii
        ? text.slice(bodyAt, end)
        : textOf(this.#chunk.subarray(this.#at, this.#textAt + end), element)
    this.#at = this.#textAt + after
    return element
  }

  #read(): void {
    const rest = this.#chunk.subarray(this.#at)
    this.#text = rest.toString('latin1')
    this.#textAt = this.#at
    this.#isAscii = isAscii(rest)
  }

  /** The element that a tag opens here; undefined when the tag is not whole, and kept. */
  #opening(text: string, at: number): Element | undefined {
    const tag = text.slice(at, at + longestTag)
    const end = tag.indexOf('>')
    if (end !== -1) return opened(tag.slice(0, end + 1))
    if (tag.length === longestTag || !tag.startsWith('<')) throw noTag(tag)
    this.#store(this.#textAt + text.length)
    return undefined
  }

  /** The rest of an opening tag whose begin came in the chunk before. False: it is not whole yet. */
  #finishTag(): boolean {
    const chunk = this.#chunk
    const most = Math.min(chunk.byteLength, this.#at + longestTag - this.#have)
    const end = chunk.subarray(this.#at, most).indexOf(0x3e)
    this.#store(end === -1 ? most : this.#at + end + 1)
    const tag = this.#room.toString('latin1', 0, this.#have)
    if (end === -1) {
      if (this.#have === longestTag) throw noTag(tag)
      return false
    }
    this.#drop()
    this.#open = opened(tag)
    return true
  }

  /** The end of an element whose begin came in the chunk before. False: it has not come yet. */
  #finish(element: Element): boolean {
    const end = this.#findEnd(element.closeBytes)
    if (end === undefined) {
      this.#keep(element, this.#matched)
      return false
    }
    const bytes = this.#before + end - this.#at
    if (element.open.length + bytes > this.limit) throw this.#tooLarge(element)
    if (element.type !== undefined) {
      this.#store(end)
      this.body = textOf(this.#room.subarray(0, bytes - element.close.length), element)
    }
    this.#at = end
    this.#open = undefined
    this.#drop()
    return true
  }

  /** Index behind the closing tag. Undefined: it is not there; #matched is how much of it the chunk ends with. */
  #findEnd(close: Uint8Array): number | undefined {
    const chunk = this.#chunk
    let at = this.#at
    let matched = this.#matched
    while (matched > 0 && at < chunk.byteLength) {
      // `<` is the first byte of a tag and no other, so that nothing else can have begun in between.
      if (chunk[at] !== close[matched]) matched = 0
      else {
        at++
        if (++matched === close.byteLength) return at
      }
    }
    this.#matched = matched
    if (matched > 0) return undefined
    const found = chunk.indexOf(close, at)
    if (found !== -1) return found + close.byteLength
    this.#matched = endingOf(chunk, at, close)
    return undefined
  }

  /** The rest of the chunk belongs to an element that is not whole. Nothing is kept that is too long or unknown. */
  #keep(element: Element, matched: number): void {
    this.#open = element
    this.#matched = matched
    const length = this.#chunk.byteLength
    this.#before += length - this.#at
    if (element.open.length + this.#before >= this.limit) throw this.#tooLarge(element)
    if (element.type !== undefined) this.#store(length)
    this.#at = length
  }

  /** Puts the chunk from #at to `end` with what came before. */
  #store(end: number): void {
    const wanted = this.#have + end - this.#at
    if (wanted > this.#room.byteLength) {
      const room = Buffer.allocUnsafe(Math.max(firstRoom, wanted, Math.min(this.#room.byteLength * 2, this.limit)))
      this.#room.copy(room, 0, 0, this.#have)
      this.#room = room
    }
    this.#chunk.copy(this.#room, this.#have, this.#at, end)
    this.#have = wanted
    this.#at = end
  }

  #drop(): void {
    this.#room = none
    this.#have = this.#before = this.#matched = 0
  }

  #tooLarge({ open }: Element): P2PNetError {
    return new P2PNetError('E_FRAME_TOO_LARGE', `an element ${open} of more than ${this.limit} bytes`)
  }
}

function opened(tag: string): Element {
  const element = elementThatOpens(tag)
  if (element === undefined) throw noTag(tag)
  return element
}

function noTag(text: string): P2PNetError {
  return new P2PNetError('E_FRAME_INVALID', `${JSON.stringify(text.slice(0, 20))} is no tag`)
}

/** What separates elements, if anything does. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

/** How many bytes of `close` the chunk ends with. */
function endingOf(chunk: Uint8Array, from: number, close: Uint8Array): number {
  const first = Math.max(from, chunk.byteLength - close.byteLength + 1)
  for (let start = chunk.byteLength - 1; start >= first; start--) {
    if (chunk[start] !== close[0]) continue
    for (let i = start; i < chunk.byteLength; i++) if (chunk[i] !== close[i - start]) return 0
    return chunk.byteLength - start
  }
  return 0
}

function textOf(bytes: Buffer, { open }: Element): string {
  if (isAscii(bytes)) return bytes.toString('latin1')
  // Decoding puts U+FFFD for what is no UTF-8; two spellings of one text must not be taken for the same.
  if (!isUtf8(bytes)) throw new P2PNetError('E_FRAME_INVALID', `the element ${open} is no UTF-8`)
  return bytes.toString('utf8')
}
