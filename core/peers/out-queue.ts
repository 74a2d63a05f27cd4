/**
 * What a channel still has to write: three lanes, control before message before bulk. Small frames of one turn leave as
 * one write; large payloads go by reference; bulk runs under the window that the receiver refills. The queue says when
 * to wait, and when the other side has stopped reading.
 */
import type { Duplex } from 'node:stream'
import type { Clock, Timer } from '../clock.ts'
import { P2PNetError } from '../errors.ts'
import type { Frame, Lane } from '../packets/wire.ts'

/** Above this many bytes in its lane a sender is asked to wait. */
const softMark = 262_144
/** One write takes about this much before the event loop gets its turn. */
const batchBytes = 262_144
/** Payloads below this are copied into the batch; a copy is cheaper than another buffer in the write. */
const copyBelow = 4096

const lanes: readonly Lane[] = ['control', 'message', 'bulk']

interface LaneQueue {
  readonly frames: Frame[]
  head: number
  bytes: number
}

export interface OutQueueOptions {
  readonly clock: Clock
  readonly limitBytes: number
  /** Bytes of bulk in flight until the other side gives credit; Infinity when the wire has no window. */
  readonly windowBytes: number
  readonly stallMs: number
  /** Nothing moved for stallMs while something waited. */
  onStall(): void
}

export class OutQueue {
  readonly #connection: Duplex
  readonly #options: OutQueueOptions
  readonly #lanes: Record<Lane, LaneQueue> = { control: emptyLane(), message: emptyLane(), bulk: emptyLane() }
  #window: number
  #bytes = 0
  #scheduled = false
  #blocked = false
  #closed: P2PNetError | undefined
  #waiters: { lane: Lane | 'all' | 'flushed'; resolve: () => void; reject: (error: Error) => void }[] = []
  #stall: Timer | undefined
  /** Bytes handed to the connection so far. */
  written = 0

  constructor(connection: Duplex, options: OutQueueOptions) {
    this.#connection = connection
    this.#options = options
    this.#window = options.windowBytes
    connection.on('drain', () => {
      this.#blocked = false
      this.#progress()
      this.#flush()
    })
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Takes a frame. False: wait for drained(). @throws P2PNetError E_QUEUE_FULL, E_CLOSED */
  push(frame: Frame): boolean {
    if (this.#closed !== undefined) throw this.#closed
    if (this.#bytes + frame.bytes > this.#options.limitBytes && frame.lane !== 'control')
      throw new P2PNetError('E_QUEUE_FULL', `${String(this.#bytes)} bytes wait for this peer already`)
    const lane = this.#lanes[frame.lane]
    lane.frames.push(frame)
    lane.bytes += frame.bytes
    this.#bytes += frame.bytes
    if (!this.#scheduled && !this.#blocked) {
      this.#scheduled = true
      process.nextTick(this.#flush)
    }
    return lane.bytes < softMark
  }

  hasRoom(lane: Lane): boolean {
    return this.#lanes[lane].bytes < softMark
  }

  /** The other side can take this many more bytes of bulk. */
  grant(bytes: number): void {
    this.#window = Math.min(this.#window + bytes, this.#options.windowBytes)
    this.#progress()
    if (!this.#blocked) this.#flush()
  }

  /** Resolves when the lane, or every lane, has room again. */
  drained(lane: Lane | 'all'): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    if (this.#isDrained(lane)) return Promise.resolve()
    return this.#wait(lane)
  }

  /** Resolves when everything so far was handed to the connection. */
  flushed(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    if (this.#bytes === 0 && !this.#blocked) return Promise.resolve()
    return this.#wait('flushed')
  }

  close(reason: P2PNetError): void {
    if (this.#closed !== undefined) return
    this.#closed = reason
    this.#options.clock.clear(this.#stall)
    this.#stall = undefined
    for (const lane of lanes) this.#lanes[lane] = emptyLane()
    this.#bytes = 0
    for (const waiter of this.#waiters.splice(0)) waiter.reject(reason)
  }

  readonly #flush = (): void => {
    this.#scheduled = false
    if (this.#blocked || this.#closed !== undefined) return
    const batch = this.#take()
    if (batch.length > 0) this.#write(batch)
    this.#wake()
    if (this.#blocked || this.#bytes === 0 || !this.#mayTake()) return this.#watch()
    // More than a batch: let the event loop breathe before the next one.
    this.#scheduled = true
    setImmediate(this.#flush)
  }

  #mayTake(): boolean {
    const { control, message, bulk } = this.#lanes
    return control.bytes > 0 || message.bytes > 0 || (bulk.bytes > 0 && this.#window > 0)
  }

  #take(): Frame[] {
    const batch: Frame[] = []
    let room = batchBytes
    for (const name of lanes) {
      const lane = this.#lanes[name]
      while (room > 0 && lane.head < lane.frames.length && (name !== 'bulk' || this.#window > 0)) {
        const frame = lane.frames[lane.head++] as Frame
        lane.bytes -= frame.bytes
        this.#bytes -= frame.bytes
        room -= frame.bytes
        if (name === 'bulk') this.#window -= frame.bytes
        batch.push(frame)
      }
      if (lane.head === lane.frames.length) {
        lane.frames.length = 0
        lane.head = 0
      } else if (lane.head > 1024) {
        lane.frames.splice(0, lane.head)
        lane.head = 0
      }
    }
    return batch
  }

  #write(batch: readonly Frame[]): void {
    const chunks = coalesce(batch)
    let free = true
    if (chunks.length > 1) this.#connection.cork()
    for (const chunk of chunks) {
      this.written += chunk.byteLength
      free = this.#connection.write(chunk)
    }
    if (chunks.length > 1) this.#connection.uncork()
    this.#blocked = !free
    this.#progress()
  }

  #isDrained(lane: Lane | 'all'): boolean {
    if (lane !== 'all') return this.#lanes[lane].bytes < softMark
    return lanes.every((name) => this.#lanes[name].bytes < softMark)
  }

  #wait(lane: Lane | 'all' | 'flushed'): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ lane, resolve, reject })
    })
  }

  #wake(): void {
    if (this.#waiters.length === 0) return
    const flushed = this.#bytes === 0 && !this.#blocked
    this.#waiters = this.#waiters.filter(({ lane, resolve }) => {
      if (lane === 'flushed' ? !flushed : !this.#isDrained(lane)) return true
      resolve()
      return false
    })
  }

  #progress(): void {
    this.#options.clock.clear(this.#stall)
    this.#stall = undefined
    this.#watch()
  }

  /** Counts down while something waits for the other side. */
  #watch(): void {
    if (this.#stall !== undefined || this.#closed !== undefined) return
    if (!this.#blocked && this.#lanes.bulk.bytes === 0) return
    this.#stall = this.#options.clock.setTimeout(() => {
      this.#stall = undefined
      this.#options.onStall()
    }, this.#options.stallMs)
  }
}

function emptyLane(): LaneQueue {
  return { frames: [], head: 0, bytes: 0 }
}

/** Heads and small payloads in one buffer; large payloads by reference, in order. */
function coalesce(batch: readonly Frame[]): Uint8Array[] {
  const first = batch[0] as Frame
  if (batch.length === 1 && first.payload === undefined) return [first.head]
  const chunks: Uint8Array[] = []
  let start = 0
  let size = 0
  const close = (end: number) => {
    if (size === 0) return
    const slab = Buffer.allocUnsafe(size)
    let at = 0
    for (let i = start; i < end; i++) {
      const { head, payload } = batch[i] as Frame
      slab.set(head, at)
      at += head.byteLength
      if (payload !== undefined && payload.byteLength < copyBelow) {
        slab.set(payload, at)
        at += payload.byteLength
      }
    }
    chunks.push(slab)
    size = 0
  }
  batch.forEach(({ head, payload }, i) => {
    size += head.byteLength
    if (payload === undefined) return
    if (payload.byteLength < copyBelow) {
      size += payload.byteLength
      return
    }
    close(i + 1)
    chunks.push(payload)
    start = i + 1
  })
  close(batch.length)
  return chunks
}
