/**
 * Reads a connection for an intake. Small packets come in memory that all connections share, because nothing of them
 * stays there; once a payload wants to stay where it was read, the connection gets rooms of its own, for as long as
 * payloads come.
 */
import type { Lease, ReadMemory } from '../packets/memory.ts'
import { Room } from './room.ts'
import type { ChunkReader } from './transport.ts'

/** A room with less left is full. What lies between is memory that a payload holds and does not need. */
const leastRead = 8192
/** So many smaller reads in a row, of which nothing stayed, show that the shared memory is enough again. */
const bulkRead = 16_384
const smallReads = 16

export class Reader implements ChunkReader, ReadMemory {
  readonly #take: (chunk: Uint8Array, memory: ReadMemory) => void
  #room: Room | undefined
  /** Where in the room the read under way begins, and how many bytes came last. */
  #at = 0
  #came = 0
  #wanted = false
  #small = 0

  constructor(take: (chunk: Uint8Array, memory: ReadMemory) => void) {
    this.#take = take
  }

  take(chunk: Uint8Array): void {
    this.#came = chunk.byteLength
    this.#take(chunk, this.#room ?? this)
  }

  memory(): Uint8Array | undefined {
    const room = this.#room
    if (room === undefined) return this.#wanted ? this.#enter() : undefined
    if (room.isHeld || this.#came >= bulkRead) this.#small = 0
    if (room.isHeld) {
      this.#at += this.#came
      if (room.bytes.byteLength - this.#at < leastRead) {
        room.leave()
        return this.#enter()
      }
    } else if (this.#came < bulkRead && ++this.#small > smallReads) {
      room.leave()
      this.#room = undefined
      return undefined
    } else this.#at = 0
    return this.#at === 0 ? room.bytes : room.bytes.subarray(this.#at)
  }

  /** In the shared memory nothing stays; the next read has a room. */
  keep(): Lease | undefined {
    this.#wanted = true
    return undefined
  }

  #enter(): Uint8Array {
    const room = Room.take()
    this.#room = room
    this.#wanted = false
    this.#at = this.#small = 0
    return room.bytes
  }
}
