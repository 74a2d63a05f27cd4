/**
 * How many datagrams are worth parsing: so many from one address, and so many in all, however many addresses a flood
 * makes up.
 */
import { Lru } from './lru.ts'

export interface Rate {
  /** At once. */
  readonly burst: number
  /** After that. */
  readonly perSecond: number
}

/** A LAN in which more announcements than this are worth hearing needs another discovery. */
const inAll: Rate = { burst: 32, perSecond: 50 }

/** Addresses that are remembered. */
export const sources = 1024

interface Bucket {
  tokens: number
  /** When the tokens were counted last, in ms since 1970. */
  at: number
}

export class SourceLimit {
  readonly #perSource: Rate
  readonly #buckets = new Lru<Bucket>(sources)
  readonly #all: Bucket = { tokens: inAll.burst, at: 0 }

  constructor(perSource: Rate) {
    this.#perSource = perSource
  }

  /** Would it be refused? Changes nothing and costs next to nothing, as what is asked of every datagram of a flood must. */
  isSpent(address: string, now: number): boolean {
    if (tokensOf(this.#all, inAll, now) < 1) return true
    const bucket = this.#buckets.peek(address)
    return bucket !== undefined && tokensOf(bucket, this.#perSource, now) < 1
  }

  /** Takes a token of the address and one of all. False: drop it unread. `now`: ms since 1970. */
  admits(address: string, now: number): boolean {
    let bucket = this.#buckets.get(address)
    if (bucket === undefined) this.#buckets.set(address, (bucket = { tokens: this.#perSource.burst, at: now }))
    // The address pays first: a flood from one place must not use up what is there for all.
    return take(bucket, this.#perSource, now) && take(this.#all, inAll, now)
  }
}

const tokensOf = ({ tokens, at }: Bucket, { burst, perSecond }: Rate, now: number): number =>
  Math.min(burst, tokens + (Math.max(0, now - at) * perSecond) / 1000)

function take(bucket: Bucket, rate: Rate, now: number): boolean {
  bucket.tokens = tokensOf(bucket, rate, now)
  bucket.at = now
  if (bucket.tokens < 1) return false
  bucket.tokens--
  return true
}
