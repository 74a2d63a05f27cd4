/**
 * A payload that comes in several reads, as views of them. A read so small that keeping it alive costs more than its
 * bytes is copied, so that a peer which sends byte by byte does not cost more than one that does not.
 */

import type { Lease, ReadMemory } from '../../../core/index.ts'

/** Smaller parts are copied. */
const copyBelow = 4096
/** Memory to copy into, at most. */
const tailBytes = 16_384

const none = Buffer.alloc(0)

export class Views {
  readonly list: Buffer[] = []
  /** Of the memory that is read into again. */
  leases: Lease[] | undefined
  bytes = 0
  #tail: Buffer = none
  /** What of the tail is not in the list yet. */
  #from = 0
  #to = 0

  /** `wanted`: what is still to come, these bytes included. */
  add(chunk: Buffer, start: number, end: number, wanted: number, memory?: ReadMemory): void {
    const bytes = end - start
    const lease = this.#stays(bytes, wanted, memory) ? memory?.keep() : undefined
    this.bytes += bytes
    if (bytes < copyBelow && lease === undefined) {
      this.#copy(chunk, start, end, wanted)
      return
    }
    this.close()
    const view = chunk.subarray(start, end)
    if (lease !== undefined) (this.leases ??= []).push(lease)
    this.list.push(memory !== undefined && lease === undefined ? Buffer.from(view) : view)
  }

  /** In memory that is lent small reads lie side by side, so what counts is how many views there are: two small ones. */
  #stays(bytes: number, wanted: number, memory: ReadMemory | undefined): boolean {
    return memory !== undefined && (bytes >= copyBelow || this.bytes === 0 || bytes === wanted)
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
