/** Keeps the rhythm: lets the node speak when it is time, sooner when it is left alone and later when it is not. */
import { messageOf, type PluginContext, type Timer } from '../../../core/index.ts'
import type { Intervals, Rhythm } from './rhythm/rhythm.ts'

export interface PulseOptions {
  readonly rhythm: Rhythm
  readonly intervals: Intervals
}

/** Says something, unless `isOver` by the time it knows what. */
export type Speak = (isOver: () => boolean) => Promise<void>

export class Pulse {
  readonly #ctx: PluginContext
  readonly #options: PulseOptions
  readonly #speak: Speak
  /** Counts beginnings, so that what was begun before ends. */
  #round = 0
  #timer: Timer | undefined
  #begunAt = 0
  #saidAt = 0
  #count = 0
  /** As of when the next time was planned. */
  #wasAlone = true

  constructor(ctx: PluginContext, options: PulseOptions, speak: Speak) {
    this.#ctx = ctx
    this.#options = options
    this.#speak = speak
  }

  get isAlone(): boolean {
    for (const _channel of this.#ctx.network.channels) return false
    return true
  }

  /** From the beginning to what is said now, in ms. */
  get elapsed(): number {
    return this.#saidAt - this.#begunAt
  }

  begin(): void {
    this.end()
    this.#begunAt = this.#ctx.clock.now()
    this.#count = 0
    this.#beat(this.#round)
  }

  end(): void {
    this.#round++
    this.#ctx.clock.clear(this.#timer)
    this.#timer = undefined
  }

  /** Somebody came or went: a node with company speaks less. */
  companyChanged(): void {
    if (this.#timer !== undefined && this.isAlone !== this.#wasAlone) this.#plan(this.#round)
  }

  #beat(round: number): void {
    this.#timer = undefined
    this.#saidAt = this.#ctx.clock.now()
    this.#speak(() => round !== this.#round)
      .then(() => {
        if (round !== this.#round) return
        this.#count++
        this.#plan(round)
      })
      .catch((error: unknown) => {
        this.#ctx.log.error('announcing ended', { error: messageOf(error) })
      })
  }

  #plan(round: number): void {
    const { clock, random } = this.#ctx
    const { rhythm, intervals } = this.#options
    clock.clear(this.#timer)
    this.#wasAlone = this.isAlone
    const moment = { count: this.#count, elapsed: this.elapsed, alone: this.#wasAlone }
    const due = this.#saidAt + rhythm(moment, intervals, random)
    this.#timer = clock.setTimeout(
      () => {
        this.#beat(round)
      },
      Math.max(0, due - clock.now()),
    )
  }
}
