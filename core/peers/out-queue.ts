/**
 * What a channel still has to write: three lanes, control before message before bulk. Small frames of one turn leave as
 * one write; large payloads go by reference; bulk runs under the window that the receiver refills. The queue says when
 * to wait, and when the other side has stopped reading. A peer that cannot keep up gets one frame at a time.
 */
import type { Duplex } from 'node:stream'
import type { Clock, Timer } from '../clock.ts'
import { P2PNetError } from '../errors.ts'
import type { Frame, Lane as LaneName } from '../packets/wire.ts'
import { coalesce } from './coalesce.ts'
import { Conditions } from './conditions.ts'
import { Lane } from './lane.ts'
import { StallWatch } from './stall-watch.ts'

/** From this weight of its lane on a sender is asked to wait; a quarter of the limit where that is less. */
const softMark = 524_288
/** One write takes about this many bytes. */
const batchBytes = 262_144
/** A connection that takes everything at once must not keep the event loop from its other work. */
const yieldEvery = 1_048_576

const laneNames: readonly LaneName[] = ['control', 'message', 'bulk']

/** The same for all channels of a node. */
export interface OutQueueOptions {
  readonly clock: Clock
  readonly limitBytes: number
  /** Bytes of bulk in flight until the other side gives credit; Infinity when the wire has no window. */
  readonly windowBytes: number
  readonly stallMs: number
  /** ms of nothing after each frame, until keepsUp() is called. */
  readonly pauseAfter?: ((frame: Frame) => number) | undefined
}

/** What a queue tells of its channel. */
export interface OutQueueEvents<C> {
  /** Nothing moved for stallMs while something waited. */
  stalled(channel: C): void
}

export class OutQueue<C> {
  readonly #connection: Duplex
  readonly #options: OutQueueOptions
  readonly #lanes: Record<LaneName, Lane> = { control: new Lane(), message: new Lane(), bulk: new Lane() }
  readonly #mark: number
  readonly #stall: StallWatch<C>
  #window: number
  #scheduled = false
  #blocked = false
  #closed: P2PNetError | undefined
  readonly #conditions = new Conditions()
  #yieldedAt = 0
  #pauseAfter: ((frame: Frame) => number) | undefined
  /** Nothing is written until it is over. */
  #pause: Timer | undefined
  #isOpen = false
  /** Bytes handed to the connection so far. */
  written = 0

  constructor(connection: Duplex, options: OutQueueOptions, events: OutQueueEvents<C>, channel: C) {
    this.#connection = connection
    this.#options = options
    this.#stall = new StallWatch(options.clock, options.stallMs, channel, events.stalled)
    this.#mark = Math.min(softMark, options.limitBytes / 4)
    this.#window = options.windowBytes
    this.#pauseAfter = options.pauseAfter
    connection.on('drain', () => {
      this.#blocked = false
      this.#progress()
      if (this.#mustYield()) this.#flushLater()
      else this.#flush()
    })
  }

  /** Bytes that wait, about. */
  get weight(): number {
    const { control, message, bulk } = this.#lanes
    return control.weight + message.weight + bulk.weight
  }

  /** Takes a frame. False: wait for drained(). @throws P2PNetError E_QUEUE_FULL, E_CLOSED */
  push(frame: Frame): boolean {
    if (this.#closed !== undefined) throw this.#closed
    const lane = this.#lanes[frame.lane]
    if (lane.weight >= this.#mark) this.#checkRoom(frame)
    lane.push(frame)
    this.#schedule()
    return lane.weight < this.#mark
  }

  /** The last frame: everything else goes before it, but for bulk, which would wait for credit. */
  finish(frame: Frame): Promise<void> {
    this.#lanes.bulk.clear()
    this.#lanes.message.push(frame)
    this.#schedule()
    return this.flushed()
  }

  /** The other side takes frames as fast as they come. */
  keepsUp(): void {
    this.#pauseAfter = undefined
    if (this.#pause !== undefined) this.#resume()
  }

  /** The other side can take this many more bytes of bulk. */
  grant(bytes: number): void {
    this.#window = Math.min(this.#window + bytes, this.#options.windowBytes)
    this.#progress()
    if (!this.#blocked) this.#flush()
  }

  /** Resolves when the lane, or every lane, has room again. */
  drained(lane: LaneName | 'all'): Promise<void> {
    const names = lane === 'all' ? laneNames : [lane]
    return this.#wait(() => names.every((name) => this.#lanes[name].weight < this.#mark))
  }

  /** Resolves when everything so far was handed to the connection. */
  flushed(): Promise<void> {
    const until = laneNames.map((name) => this.#lanes[name].put)
    return this.#wait(() => laneNames.every((name, i) => this.#lanes[name].taken >= (until[i] ?? 0)))
  }

  close(reason: P2PNetError): void {
    if (this.#closed !== undefined) return
    this.#closed = reason
    this.#options.clock.clear(this.#pause)
    this.#pause = undefined
    this.#stall.stop()
    for (const name of laneNames) this.#lanes[name].clear()
    this.#conditions.fail(reason)
  }

  /** Whoever heeds the mark always finds room. Control gets twice as much: an answer is not lost to a flood of ours. */
  #checkRoom(frame: Frame): void {
    const { limitBytes } = this.#options
    const waiting = this.weight
    if (waiting + frame.bytes <= (frame.lane === 'control' ? 2 * limitBytes : limitBytes)) return
    throw new P2PNetError('E_QUEUE_FULL', `${String(waiting)} bytes wait for this peer already`)
  }

  #schedule(): void {
    if (this.#scheduled || this.#blocked || this.#pause !== undefined) return
    if (this.#mustYield()) {
      this.#flushLater()
      return
    }
    this.#scheduled = true
    process.nextTick(OutQueue.#flushNow<C>, this)
  }

  #mustYield(): boolean {
    return this.written - this.#yieldedAt >= yieldEvery
  }

  #flushLater(): void {
    this.#yieldedAt = this.written
    this.#scheduled = true
    setImmediate(OutQueue.#flushNow<C>, this)
  }

  /** A turn later there is nobody to ask which queue it was. */
  static #flushNow<C>(this: void, queue: OutQueue<C>): void {
    queue.#flush()
  }

  #flush(): void {
    this.#scheduled = false
    if (this.#blocked || this.#pause !== undefined || this.#closed !== undefined) return
    const batch = this.#take()
    if (this.#pauseAfter !== undefined) this.#rest(batch)
    if (batch.length > 0) this.#write(coalesce(batch))
    this.#conditions.look()
    if (this.#blocked || this.#pause !== undefined || !this.#mayTake()) this.#watch()
    else this.#flushLater()
  }

  #rest([frame]: readonly Frame[]): void {
    const ms = frame === undefined ? 0 : (this.#pauseAfter?.(frame) ?? 0)
    if (ms > 0) this.#pause = this.#options.clock.setTimeout(() => this.#resume(), ms)
  }

  #resume(): void {
    this.#options.clock.clear(this.#pause)
    this.#pause = undefined
    this.#schedule()
  }

  #mayTake(): boolean {
    const { control, message, bulk } = this.#lanes
    return !control.isEmpty || !message.isEmpty || (!bulk.isEmpty && this.#window > 0)
  }

  #take(): Frame[] {
    const batch: Frame[] = []
    let room = this.#pauseAfter === undefined ? batchBytes : 1
    for (const name of laneNames) {
      const lane = this.#lanes[name]
      while (room > 0 && (name !== 'bulk' || this.#window > 0)) {
        const frame = lane.shift()
        if (frame === undefined) break
        room -= frame.bytes
        if (name === 'bulk') this.#window -= frame.bytes
        batch.push(this.#isOpen ? frame : (frame.opening?.() ?? frame))
        this.#isOpen = true
      }
    }
    return batch
  }

  #write(chunks: readonly Uint8Array[]): void {
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

  #wait(isSo: () => boolean): Promise<void> {
    return this.#closed === undefined ? this.#conditions.wait(isSo) : Promise.reject(this.#closed)
  }

  #progress(): void {
    this.#stall.stop()
    this.#watch()
  }

  /** Counts down while something waits for the other side, and not for us. */
  #watch(): void {
    if (this.#closed === undefined && (this.#blocked || (this.#pause === undefined && !this.#lanes.bulk.isEmpty)))
      this.#stall.start()
  }
}
