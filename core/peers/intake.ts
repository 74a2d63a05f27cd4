/**
 * What a channel reads: chunk after chunk through the decoder, packet after packet to the kernel. A packet whose handler
 * wants time, or a rate that is reached, stops the reading; nothing is dropped and nothing overtakes. What arrived before
 * the other side ended is handled before the end is told.
 */
import type { Clock } from '../clock.ts'
import { asP2PNetError, type P2PNetError } from '../errors.ts'
import type { ReadMemory } from '../packets/memory.ts'
import type { NetworkPacket } from '../packets/packet.ts'
import type { Decoder, Wire } from '../packets/wire.ts'
import type { Limits } from '../settings.ts'
import { TokenBucket } from './token-bucket.ts'
import type { Connection } from './transport.ts'

/** Credit goes back in portions of so much of the window, so that the other side need not stop for it. */
const creditShare = 1 / 2

/** The same for all channels of a node. */
export interface IntakeOptions {
  readonly clock: Clock
  readonly limits: Limits
  readonly wire: Wire
}

/** What an intake tells of its channel. A table and no closures: a node has many channels that mostly rest. */
export interface IntakeEvents<C> {
  /** Handles one packet. A promise pauses reading until it settles. */
  receive(channel: C, packet: NetworkPacket): Promise<void> | undefined
  /** The other side can take this many more bytes of bulk. */
  granted(channel: C, bytes: number): void
  /** These bytes of bulk were handled: the other side may send as many again. */
  owed(channel: C, bytes: number): void
  /** The peer has shown that it takes packets as fast as they come. Told once. */
  keepsUp(channel: C): void
  /** The stream is lost. */
  failed(channel: C, error: P2PNetError): void
  /** The other side has ended, and what it had sent is handled. */
  ended(channel: C): void
  /** One turn of work took this long. */
  turn(channel: C, ms: number): void
}

export class Intake<C> {
  readonly #connection: Connection
  readonly #options: IntakeOptions
  readonly #events: IntakeEvents<C>
  readonly #channel: C
  readonly #decoder: Decoder
  readonly #rate: TokenBucket
  readonly #portion: number
  #backlog: Uint8Array[] | undefined
  #owed = 0
  #lull = false
  #busy = false
  #ending = false
  #stopped = false
  #keepsUp = false
  packets = 0
  bytes = 0
  /** When bytes came last; ms since 1970. */
  lastAt: number
  /** The same, or when we took up reading again: silence while we do not listen is none. */
  #activeAt: number

  constructor(connection: Connection, options: IntakeOptions, events: IntakeEvents<C>, channel: C) {
    const { clock, limits, wire } = options
    this.#connection = connection
    this.#options = options
    this.#events = events
    this.#channel = channel
    this.lastAt = this.#activeAt = clock.now()
    this.#decoder = wire.createDecoder({ frameBytes: Math.min(limits.frameBytesBeforeTrust, limits.frameBytes) })
    this.#rate = new TokenBucket(limits.messagesPerSecond, limits.messagesPerSecond, this.lastAt)
    this.#portion = limits.windowBytes * creditShare
  }

  set frameBytes(frameBytes: number) {
    this.#decoder.limits = { frameBytes }
  }

  /** How long nothing has come although we listened, in ms. */
  silentMs(now: number): number {
    return this.#busy ? 0 : now - this.#activeAt
  }

  /** `memory`: where the chunk lies, if that is read into again; else the chunk is ours. */
  take(chunk: Uint8Array, memory?: ReadMemory): void {
    if (this.#stopped) return
    this.bytes += chunk.byteLength
    this.lastAt = this.#activeAt = this.#options.clock.now()
    const isOurs = memory === undefined
    if (this.#busy) (this.#backlog ??= []).push(isOurs ? chunk : Buffer.from(chunk))
    else if (isOurs || this.#decoder.keepRest === undefined) this.#work(isOurs ? chunk : Buffer.from(chunk))
    else this.#work(chunk, memory)
  }

  /** Nothing more will come. */
  end(): void {
    if (this.#ending || this.#stopped) return
    this.#ending = true
    if (!this.#busy) this.#events.ended(this.#channel)
  }

  /** Nothing more is wanted: what still comes is read and thrown away. */
  stop(): void {
    this.#stopped = true
    this.#backlog = undefined
    this.#connection.resume()
  }

  #work(chunk?: Uint8Array, memory?: ReadMemory): void {
    const before = performance.now()
    try {
      if (chunk !== undefined) this.#decoder.push(chunk, memory)
      while (this.#drain()) {
        this.#settleCredit()
        const next = this.#backlog?.shift()
        if (next === undefined) break
        this.#decoder.push(next)
      }
      if (this.#busy && memory !== undefined) this.#decoder.keepRest?.()
    } catch (error) {
      this.#events.failed(this.#channel, asP2PNetError(error, 'E_FRAME_INVALID'))
    }
    this.#events.turn(this.#channel, performance.now() - before)
  }

  /** Handles packet after packet. False: one wants time, the rate is reached, or nothing more is wanted. */
  #drain(): boolean {
    const events = this.#events
    for (;;) {
      const packet = this.#decoder.next()
      if (packet === undefined) return true
      this.packets++
      if (!this.#keepsUp && this.#decoder.keepsUp === true) {
        this.#keepsUp = true
        events.keepsUp(this.#channel)
      }
      const pending = events.receive(this.#channel, packet)
      const wait = this.#rate.take(this.#activeAt)
      if (this.#stopped) return false
      if (pending === undefined && wait === 0) continue
      this.#pauseUntil(pending ?? this.#sleep(wait))
      return false
    }
  }

  #pauseUntil(pending: Promise<void>): void {
    this.#busy = true
    this.#connection.pause()
    const resume = () => {
      this.#busy = false
      if (this.#stopped) return
      this.#activeAt = this.#options.clock.now()
      this.#work()
      // What #work brought about may have changed either.
      if (this.#isBusy() || this.#isStopped()) return
      if (this.#ending) this.#events.ended(this.#channel)
      else this.#connection.resume()
    }
    pending.then(resume, resume)
  }

  #isBusy(): boolean {
    return this.#busy
  }

  #isStopped(): boolean {
    return this.#stopped
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.setTimeout(resolve, ms)
    })
  }

  #settleCredit(): void {
    const granted = this.#decoder.takeCredit()
    if (granted > 0) this.#events.granted(this.#channel, granted)
    const bulk = this.#decoder.takeBulk()
    if (bulk === 0) return
    this.#owed += bulk
    if (this.#owed >= this.#portion) this.#giveCredit()
    else if (!this.#lull) this.#awaitLull()
  }

  /** The other side may have a smaller window than ours, and wait for less than a portion: it gets that once it stops. */
  #awaitLull(): void {
    const { bytes } = this
    this.#lull = true
    setImmediate(() => {
      this.#lull = false
      if (this.#owed === 0) return
      if (this.bytes === bytes) this.#giveCredit()
      else this.#awaitLull()
    })
  }

  #giveCredit(): void {
    const owed = this.#owed
    this.#owed = 0
    this.#events.owed(this.#channel, owed)
  }
}
