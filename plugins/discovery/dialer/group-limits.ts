/**
 * How often an address may be dialled, whatever the port: nobody shall be able to make this node, and a thousand like it,
 * attack somebody by naming them. What a list says may cost its target two dials a minute. A hint from the LAN attests
 * its own address, and many nodes may be behind one, so that it is believed until four dials in a row came to nothing.
 */
import { addressGroup } from '../../../core/index.ts'
import { Lru } from '../shared/lru.ts'

/** Where a target comes from: a trusted channel was there; discovery heard of it; somebody else's list names it. */
export type Rank = 'proved' | 'near' | 'hearsay'

/** Dials in a minute of what is not believed. */
const perMinute = 2
const minute = 60_000
const failuresAllowed = 4
/** Address groups that are remembered. More than what lists can name in a minute. */
const remembered = 1024

interface Group {
  /** When the latest dials began, newest first. */
  dials: readonly number[]
  /** In a row, none of them a minute after the one before. */
  failures: number
  failedAt: number
}

export class GroupLimits {
  readonly #groups = new Lru<Group>(remembered)

  /** Hints about this host are not believed for now. */
  isDoubtful(host: string, now: number): boolean {
    const { failures, failedAt } = this.#group(host)
    return failures >= failuresAllowed && now - failedAt < minute
  }

  /** ms until this host may be dialled. */
  wait(host: string, rank: Rank, now: number): number {
    const { dials } = this.#group(host)
    const isBelieved = rank === 'near' && !this.isDoubtful(host, now)
    const last = dials[perMinute - 1]
    return rank === 'proved' || isBelieved || last === undefined ? 0 : Math.max(0, last + minute - now)
  }

  dialled(host: string, now: number): void {
    const group = this.#group(host)
    group.dials = [now, ...group.dials].slice(0, perMinute)
  }

  failed(host: string, now: number): void {
    const group = this.#group(host)
    group.failures = now - group.failedAt >= minute ? 1 : group.failures + 1
    group.failedAt = now
  }

  /** Somebody of this network is there. */
  reached(host: string): void {
    this.#group(host).failures = 0
  }

  #group(host: string): Group {
    const name = addressGroup(host)
    const group = this.#groups.get(name) ?? { dials: [], failures: 0, failedAt: -Infinity }
    this.#groups.set(name, group)
    return group
  }
}
