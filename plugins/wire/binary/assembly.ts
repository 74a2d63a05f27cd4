/**
 * A frame that comes in several chunks. Its head and header are put together in room that grows with what has come; a
 * large payload stays where it was read.
 */
import type { ReadMemory } from '../../../core/index.ts'
import { codeMessage, headBytes, viewsFrom } from './layout.ts'
import { Views } from './views.ts'

/** Room at first; then four times as much each time, so that a lie about a length costs little. */
const firstRoom = 65_536

export interface FrameLengths {
  /** How long the frame is whose head stands there. @throws P2PNetError E_FRAME_INVALID, E_FRAME_TOO_LARGE */
  lengthOf(from: Buffer, at: number): number
}

export class Assembly {
  readonly #frames: FrameLengths
  /** Head and header, and the payload if it is small. */
  front: Buffer
  #have = 0
  #frontBytes = headBytes
  /** Of the frame; 0 while its head is not whole. */
  total = 0
  views: Views | undefined

  /** `front`: room for a head at least; grown where it does not do. */
  constructor(frames: FrameLengths, front: Buffer) {
    this.#frames = frames
    this.front = front
  }

  /** Takes what belongs to the frame of what stands from `at` on; answers how many bytes. Whole: isWhole. */
  take(chunk: Buffer, at: number, memory?: ReadMemory): number {
    let next = at
    if (this.#have < this.#frontBytes) next += this.#keep(chunk, next)
    if (this.#have === headBytes && this.total === 0) {
      this.#begin()
      if (this.#have < this.#frontBytes) next += this.#keep(chunk, next)
    }
    const { views } = this
    if (views !== undefined && this.#have === this.#frontBytes) {
      const wanted = this.total - this.#frontBytes - views.bytes
      const end = Math.min(chunk.byteLength, next + wanted)
      if (next < end) views.add(chunk, next, end, wanted, memory)
      next = end
    }
    return next - at
  }

  get isWhole(): boolean {
    return this.total > 0 && this.#have + (this.views?.bytes ?? 0) === this.total
  }

  #begin(): void {
    this.total = this.#frames.lengthOf(this.front, 0)
    const header = this.front.readUInt32BE(8)
    const payload = this.total - headBytes - header
    if (payload < viewsFrom || this.front[5] === codeMessage) this.#frontBytes = this.total
    else {
      this.#frontBytes = headBytes + header
      this.views = new Views()
    }
  }

  #keep(chunk: Buffer, at: number): number {
    const bytes = Math.min(this.#frontBytes - this.#have, chunk.byteLength - at)
    const wanted = this.#have + bytes
    if (wanted > this.front.byteLength) {
      const grown = Math.max(firstRoom, this.front.byteLength * 4, wanted)
      const room = Buffer.allocUnsafe(Math.min(grown, this.#frontBytes))
      this.front.copy(room, 0, 0, this.#have)
      this.front = room
    }
    chunk.copy(this.front, this.#have, at, at + bytes)
    this.#have = wanted
    return bytes
  }
}
