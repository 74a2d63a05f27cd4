/**
 * A piece of memory to read bulk into. It goes back to be read into again once its reader has gone on to another and
 * nobody holds anything in it.
 */
import type { Lease, ReadMemory } from '../packets/memory.ts'

/** Bytes of a room: what a read takes at most. More make the processor's caches miss. */
const roomBytes = 65_536
/** Rooms kept for later, in the whole process. */
const spares = 16
const spare: Room[] = []

/** What waits to be read into, at most: the rooms, and the memory that all connections share. */
export const reusedBytes = (spares + 1) * roomBytes

export class Room implements Lease, ReadMemory {
  static take(): Room {
    const room = spare.pop() ?? new Room()
    room.#left = false
    return room
  }

  readonly bytes = Buffer.allocUnsafeSlow(roomBytes)
  #leases = 0
  #left = false

  get isHeld(): boolean {
    return this.#leases > 0
  }

  keep(): Lease {
    this.#leases++
    return this
  }

  release(): void {
    this.#leases--
    if (this.#left && this.#leases === 0) this.#giveBack()
  }

  /** Its reader reads elsewhere from now on. */
  leave(): void {
    this.#left = true
    if (this.#leases === 0) this.#giveBack()
  }

  #giveBack(): void {
    if (spare.length < spares) spare.push(this)
  }
}
