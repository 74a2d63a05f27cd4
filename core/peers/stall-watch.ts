/** Counts down while something waits for the other side, and says so once when it has waited too long. */
import type { Clock, Timer } from '../clock.ts'

export class StallWatch<T> {
  readonly #clock: Clock
  readonly #ms: number
  readonly #subject: T
  readonly #stalled: (subject: T) => void
  #timer: Timer | undefined

  /** `stalled` is handed the subject, so that one function serves all watches of a node. */
  constructor(clock: Clock, ms: number, subject: T, stalled: (subject: T) => void) {
    this.#clock = clock
    this.#ms = ms
    this.#subject = subject
    this.#stalled = stalled
  }

  /** Goes on if it runs already. */
  start(): void {
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined
      this.#stalled(this.#subject)
    }, this.#ms)
  }

  stop(): void {
    this.#clock.clear(this.#timer)
    this.#timer = undefined
  }
}
