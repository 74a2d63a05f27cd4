/** Counts why datagrams were dropped, and says so at most once a second: a flood must not become a flood of log lines. */
import type { Clock, Logger } from '../../../core/index.ts'

const quietMs = 1000

export class Tally {
  readonly #counts: Record<string, number> = {}
  readonly #clock: Clock
  readonly #log: Logger
  #saidAt = 0

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock
    this.#log = log
  }

  /** `reason` is one of our own words, never a peer's. */
  note(reason: string): void {
    this.#counts[reason] = (this.#counts[reason] ?? 0) + 1
    const now = this.#clock.now()
    if (now - this.#saidAt < quietMs) return
    this.#saidAt = now
    this.#log.debug('datagrams dropped so far', { ...this.#counts })
  }
}
