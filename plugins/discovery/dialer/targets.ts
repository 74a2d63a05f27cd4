/** Who waits to be dialled: whoever was trusted before those heard of, and what lists name last. */
import { addressGroup, type PeerAddress } from '../../../core/index.ts'
import type { Rank } from './group-limits.ts'

export interface Target extends PeerAddress {
  readonly key: string
  readonly identifier?: string
  readonly rank: Rank
  /** Not before that, in ms since 1970. */
  readonly due: number
  /** A channel to the peer is open, and may be dead. */
  readonly anew?: true
}

const ranks: readonly Rank[] = ['proved', 'near', 'hearsay']
/** What lists say of one address group takes no more places than this. */
const perGroup = 4

export class Targets {
  readonly #capacity: number
  readonly #byRank = new Map(ranks.map((rank) => [rank, new Map<string, Target>()]))

  /** `capacity`: places of each rank, so that none takes those of another. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** In the order in which they come, those of the first rank first. */
  *[Symbol.iterator](): Iterator<Target> {
    for (const waiting of this.#byRank.values()) yield* waiting.values()
  }

  has(key: string): boolean {
    return [...this.#byRank.values()].some((waiting) => waiting.has(key))
  }

  /** False: there is no place. */
  add(target: Target): boolean {
    const waiting = this.#byRank.get(target.rank)
    if (waiting === undefined) return false
    // Two may say to be at one place, one after the other: the first has its turn.
    if ((waiting.get(target.key)?.identifier ?? target.identifier) !== target.identifier) return false
    if (target.rank === 'hearsay' && crowdOf(target.host, waiting.values()) >= perGroup) return false
    if (waiting.size >= this.#capacity && !this.#makeRoom(target, waiting)) return false
    waiting.set(target.key, target)
    return true
  }

  remove({ rank, key }: Target): void {
    this.#byRank.get(rank)?.delete(key)
  }

  /** Of the group with the most waiting the last one goes: who names many must not keep out who names one. */
  #makeRoom({ host }: Target, waiting: Map<string, Target>): boolean {
    const crowds = new Map<string, { size: number; last: Target }>()
    for (const each of waiting.values()) {
      const group = addressGroup(each.host)
      crowds.set(group, { size: (crowds.get(group)?.size ?? 0) + 1, last: each })
    }
    const largest = [...crowds.values()].reduce((most, crowd) => (crowd.size > most.size ? crowd : most))
    if (largest.size <= (crowds.get(addressGroup(host))?.size ?? 0) + 1) return false
    return waiting.delete(largest.last.key)
  }
}

function crowdOf(host: string, waiting: Iterable<Target>): number {
  const group = addressGroup(host)
  let count = 0
  for (const other of waiting) if (addressGroup(other.host) === group) count++
  return count
}
