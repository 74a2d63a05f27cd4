/** How long to leave a target alone after it failed: twice as long each time, give or take a quarter. */
import type { Random } from '../../../core/index.ts'
import { Lru } from '../shared/lru.ts'

export interface Delays {
  readonly firstMs: number
  readonly longestMs: number
}

/** Before the nth try, n from 1, in ms. */
export function delayBefore(n: number, { firstMs, longestMs }: Delays, random: Random): number {
  const ms = Math.min(longestMs, firstMs * 2 ** Math.min(n - 1, 40))
  return ms * (0.75 + random.next() / 2)
}

/** Of an address that was only heard of. */
const delays: Delays = { firstMs: 1000, longestMs: 300_000 }
/** Addresses that are remembered. */
const remembered = 1024

export class BackOff {
  readonly #random: Random
  readonly #failed = new Lru<{ failures: number; until: number }>(remembered)

  constructor(random: Random) {
    this.#random = random
  }

  /** When it may be tried again, in ms since 1970. */
  until(key: string): number {
    return this.#failed.get(key)?.until ?? 0
  }

  failed(key: string, now: number): void {
    const failures = (this.#failed.get(key)?.failures ?? 0) + 1
    this.#failed.set(key, { failures, until: now + delayBefore(failures, delays, this.#random) })
  }

  forget(key: string): void {
    if (this.#failed.get(key) !== undefined) this.#failed.set(key, { failures: 0, until: 0 })
  }
}
