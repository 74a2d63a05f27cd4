/**
 * The bounded record of every refusal and every change of trust: who decided, about whom, and why.
 */
import type { Clock } from '../clock.ts'

export interface Decision {
  /** Milliseconds since 1970. */
  readonly time: number
  /** Id of the plugin that decided; `kernel` for the kernel's own limits. */
  readonly plugin: string
  /** The hook or the rule, e.g. `packets.admit`, `limits.perAddress`. */
  readonly hook: string
  readonly code: string
  readonly reason: string
  /** The proved or claimed identifier, or the address while there is none. */
  readonly peer: string
  /** How many times in a row the very same was decided. */
  readonly count: number
}

export interface DecisionQuery {
  readonly peer?: string
  /** Milliseconds since 1970. */
  readonly since?: number
}

/** Decisions that are remembered. */
export const decisions = 1000
/** Newest decisions about one peer that are remembered, of `capacity` in all. */
const share = 0.1

/**
 * Remembers the newest `capacity` decisions. What repeats is counted, and a peer about whom there are many pushes out its
 * own, so that a flood cannot push out the rest.
 */
export class Ledger {
  readonly #clock: Clock
  readonly #capacity: number
  readonly #entries: (Decision & { count: number; time: number })[] = []
  /** Entries by peer. */
  readonly #counts = new Map<string, number>()
  #total = 0

  constructor(clock: Clock, capacity = decisions) {
    this.#clock = clock
    this.#capacity = capacity
  }

  /** How many decisions were ever written. */
  get total(): number {
    return this.#total
  }

  write(entry: Omit<Decision, 'time' | 'count'>): Decision {
    this.#total++
    const time = this.#clock.now()
    const { peer, hook, code, reason } = entry
    const same = this.#entries.findLast((old) => old.peer === peer)
    if (same?.code === code && same.hook === hook && same.reason === reason) {
      same.count++
      same.time = time
      return same
    }
    const decision = { ...entry, time, count: 1 }
    this.#entries.push(decision)
    const count = (this.#counts.get(peer) ?? 0) + 1
    this.#counts.set(peer, count)
    if (count > this.#capacity * share) this.#forget(this.#entries.findIndex((old) => old.peer === peer))
    else if (this.#entries.length > this.#capacity) this.#forget(0)
    return decision
  }

  #forget(at: number): void {
    const [forgotten] = this.#entries.splice(at, 1)
    if (forgotten === undefined) return
    const left = (this.#counts.get(forgotten.peer) ?? 1) - 1
    if (left === 0) this.#counts.delete(forgotten.peer)
    else this.#counts.set(forgotten.peer, left)
  }

  read({ peer, since }: DecisionQuery = {}): Decision[] {
    return this.#entries
      .filter((entry) => (peer === undefined || entry.peer === peer) && (since === undefined || entry.time >= since))
      .map((entry) => ({ ...entry }))
  }
}
