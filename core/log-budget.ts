/**
 * How many lines a second strangers can make the log have: what is more is counted, and the number stands before the next
 * line.
 */
import type { Clock } from './clock.ts'

const linesPerSecond = 100

export class LogBudget {
  readonly #clock: Clock
  readonly #tellMore: (more: number) => void
  #second = 0
  #lines = 0
  #more = 0

  constructor(clock: Clock, tellMore: (more: number) => void) {
    this.#clock = clock
    this.#tellMore = tellMore
  }

  /** Whether there may be one more line now. */
  allows(): boolean {
    const second = Math.floor(this.#clock.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#lines = 0
      this.settle()
    }
    if (this.#lines++ < linesPerSecond) return true
    this.#more++
    return false
  }

  /** Tells how many there were that had no line. */
  settle(): void {
    if (this.#more > 0) this.#tellMore(this.#more)
    this.#more = 0
  }
}
