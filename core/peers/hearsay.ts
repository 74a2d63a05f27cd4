/**
 * What other nodes say about third ones is believed within bounds: of addresses that they can know, and so many new ones
 * a minute. It costs one table row, and never a row of somebody who was really there.
 */
import type { Clock } from '../clock.ts'
import type { Refusal } from '../trust/refusal.ts'
import { canKnow, scopeOf } from './address-scope.ts'
import { shareMark, type Candidate } from './peer.ts'

/** New peers that one node may bring, and all together. */
const perMinute = { one: 16, all: 256 }
const minute = 60_000
/** Nodes whose share is counted. */
const remembered = 1024

interface Count {
  since: number
  count: number
}

export class Hearsay {
  readonly #clock: Clock
  readonly #bySource = new Map<string, Count>()
  readonly #all: Count = { since: -Infinity, count: 0 }

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A no to this candidate. `isNew`: the table does not have it yet. */
  objection(candidate: Candidate, isNew: () => boolean): Refusal | undefined {
    const { host, via, from } = candidate
    const scope = scopeOf(host)
    if (!via.startsWith(shareMark))
      return scope === 'nobody' ? { code: 'E_ADDRESS', reason: `nobody can be at ${host}` } : undefined
    // In the same words for all places, so that a long list is one line of the ledger.
    if (scope === undefined || scope === 'nobody' || (from !== undefined && !canKnow(from, host)))
      return { code: 'E_ADDRESS', reason: 'a list names a place where nobody can be, or that its sender cannot know' }
    return isNew() && !this.#takes(via) ? { code: 'E_LIMIT', reason: 'a list brings too many new peers' } : undefined
  }

  #takes(via: string): boolean {
    const now = this.#clock.now()
    const source = this.#bySource.get(via) ?? { since: now, count: 0 }
    this.#bySource.delete(via)
    this.#bySource.set(via, source)
    const [oldest] = this.#bySource.keys()
    if (this.#bySource.size > remembered && oldest !== undefined) this.#bySource.delete(oldest)
    for (const count of [source, this.#all])
      if (now - count.since >= minute) Object.assign(count, { since: now, count: 0 })
    if (source.count >= perMinute.one || this.#all.count >= perMinute.all) return false
    source.count++
    this.#all.count++
    return true
  }
}
