/**
 * One lane of what a channel still has to write: first in, first out. A frame that was taken is let go at once, so that
 * a lane that is never empty keeps nothing alive.
 */
import type { Frame } from '../packets/wire.ts'

/** What a frame costs beside its bytes: its objects, and the slot in the lane. */
const overhead = 128

export class Lane {
  readonly #frames: (Frame | undefined)[] = []
  #head = 0
  /** Bytes that the frames in the lane hold in memory, about. */
  weight = 0
  /** Frames ever put in, and ever taken out or dropped. */
  put = 0
  taken = 0

  get isEmpty(): boolean {
    return this.#head === this.#frames.length
  }

  push(frame: Frame): void {
    this.#frames.push(frame)
    this.weight += frame.bytes + overhead
    this.put++
  }

  shift(): Frame | undefined {
    const frame = this.#frames[this.#head]
    if (frame === undefined) return undefined
    this.#frames[this.#head++] = undefined
    this.weight -= frame.bytes + overhead
    this.taken++
    if (this.#head === this.#frames.length) {
      this.#frames.length = 0
      this.#head = 0
    } else if (this.#head > 1024 && this.#head * 2 > this.#frames.length) {
      this.#frames.splice(0, this.#head)
      this.#head = 0
    }
    return frame
  }

  clear(): void {
    this.#frames.length = 0
    this.#head = 0
    this.weight = 0
    this.taken = this.put
  }
}
