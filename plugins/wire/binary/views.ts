/**
 * A payload that comes in several reads, as views of them. A read so small that keeping it alive costs more than its
 * bytes is copied, so that a peer which sends byte by byte does not cost more than one that does not.
 */

/** Smaller parts are copied. */
const copyBelow = 4096
/** Memory to copy into, at most. */
const tailBytes = 16_384

export class Views {
  readonly list: Buffer[] = []
  bytes = 0
  #tail: Buffer = Buffer.alloc(0)
  /** What of the tail is not in the list yet. */
  #from = 0
  #to = 0

  /** `wanted`: what is still to come, these bytes included. */
  add(chunk: Buffer, start: number, end: number, wanted: number): void {
    const bytes = end - start
    this.bytes += bytes
    if (bytes < copyBelow) {
      this.#copy(chunk, start, end, wanted)
      return
    }
    this.close()
    this.list.push(chunk.subarray(start, end))
  }

  /** Nothing follows at once. */
  close(): void {
    if (this.#from < this.#to) this.list.push(this.#tail.subarray(this.#from, this.#to))
    this.#from = this.#to
  }

  #copy(chunk: Buffer, start: number, end: number, wanted: number): void {
    if (end - start > this.#tail.byteLength - this.#to) {
      this.close()
      this.#tail = Buffer.allocUnsafeSlow(Math.min(tailBytes, wanted))
      this.#from = this.#to = 0
    }
    this.#to += chunk.copy(this.#tail, this.#to, start, end)
  }
}
