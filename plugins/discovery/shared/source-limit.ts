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

/** Of all together: a LAN in which more is worth hearing needs another discovery. */
const leastPerSecond = 50

/** What is read of all, however many they are: as much as two may say. */
export function inAll({ burst, perSecond }: Rate): Rate {
  return { burst: 2 * burst, perSecond: Math.max(leastPerSecond, 2 * perSecond) }
}

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
  readonly #inAll: Rate
  readonly #all: Bucket

  constructor(perSource: Rate) {
    this.#perSource = perSource
    this.#inAll = inAll(perSource)
    this.#all = { tokens: this.#inAll.burst, at: 0 }
  }

  /** Would it be refused? Changes nothing and costs next to nothing, as what is asked of every datagram of a flood must. */
  isSpent(address: string, now: number): boolean {
    const left = tokensOf(this.#all, this.#inAll, now)
    if (left < 1) return true
    const bucket = this.#buckets.peek(address)
    if (bucket === undefined) return false
    const own = tokensOf(bucket, this.#perSource, now)
    return own < 1 || left < this.#needed(own)
  }

  /** Takes a token of the address and one of all. False: drop it unread. `now`: ms since 1970. */
  admits(address: string, now: number): boolean {
    let bucket = this.#buckets.get(address)
    if (bucket === undefined) this.#buckets.set(address, (bucket = { tokens: this.#perSource.burst, at: now }))
    const needed = this.#needed(tokensOf(bucket, this.#perSource, now))
    // The address pays first: a flood from one place must not use up what is there for all.
    if (!take(bucket, this.#perSource, now)) return false
    return tokensOf(this.#all, this.#inAll, now) >= needed && take(this.#all, this.#inAll, now)
  }

  /** Half of what there is in all is for those who have said little: a handful of talkers must not silence a LAN. */
  #needed(own: number): number {
    return own >= this.#perSource.burst / 2 ? 1 : this.#inAll.burst / 2 + 1
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
