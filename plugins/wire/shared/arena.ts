/**
 * Memory for heads: cut one after the other from a slab, so that the heads of one turn lie side by side and leave in one
 * write without being copied, however many peers they go to.
 */
const slabBytes = 65_536
/** Larger pieces get memory of their own. */
const largest = 8192

export class Arena {
  #slab: Buffer = Buffer.alloc(0)
  #at = 0

  take(bytes: number): Buffer {
    if (bytes > largest) return Buffer.allocUnsafeSlow(bytes)
    if (this.#at + bytes > this.#slab.byteLength) {
      this.#slab = Buffer.allocUnsafeSlow(slabBytes)
      this.#at = 0
    }
    const start = this.#at
    this.#at += bytes
    return this.#slab.subarray(start, this.#at)
  }
}
