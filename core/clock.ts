/**
 * Time, injected. Nothing in the kernel or in a plugin reads the wall clock or sets a timer by itself, so that a test
 * can run a hundred nodes under a virtual clock and get the same trace twice.
 */

/** A timer handle. Opaque: give it back to {@link Clock.clear}. */
export interface Timer {
  readonly [timerBrand]?: never
}
declare const timerBrand: unique symbol

/** Milliseconds everywhere. */
export interface Clock {
  /** Milliseconds since 1970, as `Date.now()`. */
  now(): number
  setTimeout(fn: () => void, ms: number): Timer
  setInterval(fn: () => void, ms: number): Timer
  /** Forgets a timer. Unknown or spent timers are ignored. */
  clear(timer: Timer | undefined): void
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (fn, ms) => setTimeout(fn, ms) as unknown as Timer,
  setInterval: (fn, ms) => setInterval(fn, ms) as unknown as Timer,
  clear(timer) {
    if (timer !== undefined) clearTimeout(timer as unknown as NodeJS.Timeout)
  },
}

/**
 * Resolves after `ms`, or rejects with the signal's reason.
 */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error)
    const onAbort = () => {
      clock.clear(timer)
      reject(signal?.reason as Error)
    }
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/**
 * Waits for `work`, at most `ms`: then rejects with what `late` makes. The work itself goes on; whoever calls this
 * says what becomes of it.
 */
export function within<T>(clock: Clock, ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      reject(late())
    }, ms)
    work.then(resolve, reject).finally(() => {
      clock.clear(timer)
    })
  })
}
