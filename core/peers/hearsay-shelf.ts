/** The entries that are only heard of, by who told of them: what makes room first, and from whom. */
import type { Entry } from './known-entry.ts'
import { isShare } from './peer.ts'

/** At most so much of the table is what others' lists say, of one and of all together. */
const perShare = 1 / 16
const allShares = 1 / 2

export class HearsayShelf {
  readonly #capacity: number
  /** Newest last. */
  readonly #bySource = new Map<string, Map<string, Entry>>()
  #shared = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** As the newest of its source. */
  put(entry: Entry): void {
    const source = this.#bySource.get(entry.via) ?? new Map<string, Entry>()
    this.#bySource.set(entry.via, source.set(entry.key, entry))
    if (isShare(entry.via)) this.#shared++
  }

  take({ key, via }: Entry): void {
    const source = this.#bySource.get(via)
    if (source?.delete(key) !== true) return
    if (source.size === 0) this.#bySource.delete(via)
    if (isShare(via)) this.#shared--
  }

  /** Whose entries have to go because this source, or all lists together, have more than is theirs. */
  crowded(via: string): Iterable<Entry> | undefined {
    if (!isShare(via)) return undefined
    const own = this.#bySource.get(via)
    if (own !== undefined && own.size > Math.max(1, this.#capacity * perShare)) return own.values()
    return this.#shared > Math.max(1, this.#capacity * allShares) ? this.oldest() : undefined
  }

  /** In the order in which they make room: lists first, the source with the most first, and of it the oldest. */
  *oldest(): Iterable<Entry> {
    const sources = [...this.#bySource].sort(
      ([a, some], [b, others]) => Number(isShare(b)) - Number(isShare(a)) || others.size - some.size,
    )
    for (const [, source] of sources) yield* source.values()
  }
}
