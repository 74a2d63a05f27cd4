/**
 * A frame whose head lies in a slab. The view of it is made only for whoever asks: a channel writes the stretch of memory
 * that all heads of a turn take.
 */
import type { Frame, Lane } from '../../../core/index.ts'

export class SlabFrame implements Frame {
  readonly memory: ArrayBufferLike
  readonly from: number
  readonly to: number
  readonly lane: Lane
  readonly bytes: number
  readonly payload: Uint8Array | undefined

  constructor(memory: ArrayBufferLike, from: number, to: number, lane: Lane, payload?: Uint8Array) {
    this.memory = memory
    this.from = from
    this.to = to
    this.lane = lane
    this.payload = payload
    this.bytes = payload === undefined ? to - from : to - from + payload.byteLength
  }

  get head(): Buffer {
    return Buffer.from(this.memory, this.from, this.to - this.from)
  }
}
