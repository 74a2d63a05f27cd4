/**
 * A rate with a burst. Taking is always allowed; the answer is how long to wait before the next one.
 */
export class TokenBucket {
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #at: number

  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#tokens = burst
    this.#at = now
  }

  /** ms until the debt is paid; 0 while there is none. */
  take(now: number): number {
    if (this.#perSecond === Infinity) return 0
    if (--this.#tokens >= 0) return 0
    this.#refill(now)
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / this.#perSecond) * 1000)
  }

  #refill(now: number): void {
    if (now <= this.#at) return
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#perSecond)
    this.#at = now
  }
}
