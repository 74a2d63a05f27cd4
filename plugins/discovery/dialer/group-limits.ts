/**
 * How often an address may be dialled, whatever the port: nobody shall be able to make this node, and a thousand like it,
 * attack somebody by naming them. What a list says may cost its target two dials a minute. A hint from the LAN attests
 * its own address, and many nodes may be behind one, so that it is believed until four dials in a row came to nothing.
 */
import { addressGroup, plainAddress } from '../../../core/index.ts'
import { Lru } from '../shared/lru.ts'

/** Where a target comes from: a trusted channel was there; discovery heard of it; somebody else's list names it. */
export type Rank = 'proved' | 'near' | 'hearsay'

/** Dials in a minute of what is not believed. */
const perMinute = 2
const minute = 60_000
const failuresAllowed = 4
/** Addresses and groups that are remembered: more than what is dialled in a minute. */
const remembered = 1024

interface Group {
  /** When the latest dials began, newest first. */
  readonly dials: readonly number[]
  /** In a row, none of them a minute after the one before. */
  readonly failures: number
  readonly failedAt: number
  /** Somebody has come to be trusted there. */
  readonly isReached?: true
}

const untried: Group = { dials: [], failures: 0, failedAt: -Infinity }

/** Dials are counted by group, what came of them by address: neighbours on a link are not to blame for each other. */
export class GroupLimits {
  readonly #groups = new Lru<Group>(remembered)

  /** Hints about this host are not believed for now. */
  isDoubtful(host: string, now: number): boolean {
    const { failures, failedAt } = this.#of(plainAddress(host))
    return failures >= failuresAllowed && now - failedAt < minute
  }

  isReached(host: string): boolean {
    return this.#of(plainAddress(host)).isReached === true
  }

  /** ms until this host may be dialled. */
  wait(host: string, rank: Rank, now: number): number {
    if (rank === 'proved' || (rank === 'near' && !this.isDoubtful(host, now))) return 0
    const last = this.#of(addressGroup(host)).dials[perMinute - 1]
    return last === undefined ? 0 : Math.max(0, last + minute - now)
  }

  dialled(host: string, now: number): void {
    const group = addressGroup(host)
    const known = this.#of(group)
    this.#groups.set(group, { ...known, dials: [now, ...known.dials].slice(0, perMinute) })
  }

  failed(host: string, now: number): void {
    const address = plainAddress(host)
    const known = this.#of(address)
    const failures = now - known.failedAt >= minute ? 1 : known.failures + 1
    this.#groups.set(address, { ...known, failures, failedAt: now })
  }

  reached(host: string): void {
    const address = plainAddress(host)
    this.#groups.set(address, { ...this.#of(address), failures: 0, isReached: true })
  }

  /** To look is not to use: whoever is only heard of must not push out whoever was dialled. */
  #of(name: string): Group {
    return this.#groups.peek(name) ?? untried
  }
}
