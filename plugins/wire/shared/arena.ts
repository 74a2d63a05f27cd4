/**
 * Memory for heads: cut one after the other from a slab, so that the heads of one turn lie side by side and leave in one
 * write without being copied, however many peers they go to.
 */
const slabBytes = 65_536
/** Larger pieces get memory of their own. */
const largest = 8192

export class Slab {
  readonly bytes: Buffer
  /** The same memory, for numbers. */
  readonly view: DataView
  /** The next head begins here; whoever writes one moves it on. */
  at = 0

  constructor(bytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(bytes)
    this.view = new DataView(this.bytes.buffer)
  }
}

export class Arena {
  #slab = new Slab(0)

  /** Where there is room for a head of so many bytes at most; its length need not be known before it is written. */
  room(bytes: number): Slab {
    if (bytes > largest) return new Slab(bytes)
    if (this.#slab.at + bytes > this.#slab.bytes.byteLength) this.#slab = new Slab(slabBytes)
    return this.#slab
  }
}

/** Room that a text takes at most, in bytes of UTF-8; exact where a guess would be a waste. */
export function roomOf(text: string): number {
  return text.length > 512 ? Buffer.byteLength(text) : text.length * 3
}
