/** So many messages of one address, and so many in all, however many addresses a flood makes up. */
import { Lru } from '../shared/lru.ts'

export interface Rate {
  /** At once. */
  readonly burst: number
  /** After that. */
  readonly perSecond: number
}

const inAll: Rate = { burst: 200, perSecond: 100 }
/** Addresses that are remembered. */
const sources = 1024

interface Bucket {
  tokens: number
  /** When they were counted last, in ms since 1970. */
  at: number
}

export class SourceRate {
  readonly #perSource: Rate
  readonly #buckets = new Lru<Bucket>(sources)
  readonly #all: Bucket = { tokens: inAll.burst, at: 0 }

  constructor(perSource: Rate) {
    this.#perSource = perSource
  }

  /** False: drop it unread. `now`: ms since 1970. */
  admits(address: string, now: number): boolean {
    let bucket = this.#buckets.get(address)
    if (bucket === undefined) this.#buckets.set(address, (bucket = { tokens: this.#perSource.burst, at: now }))
    // The address pays first: a flood from one place must not use up what is there for all.
    return take(bucket, this.#perSource, now) && take(this.#all, inAll, now)
  }
}

/** A flood makes no debts: once it is over, so is its effect. */
function take(bucket: Bucket, { burst, perSecond }: Rate, now: number): boolean {
  bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) * perSecond) / 1000)
  bucket.at = now
  if (bucket.tokens < 1) return false
  bucket.tokens--
  return true
}
