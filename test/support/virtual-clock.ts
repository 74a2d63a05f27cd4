/**
 * Time that moves only when a test says so. Timers run in the order in which they are due, those of one moment in the
 * order in which they were set; between two of them everything that promises and setImmediate had in hand is done, so
 * that two runs give the same trace.
 */
import { setImmediate } from 'node:timers/promises'
import type { Clock, Timer } from '../../core/clock.ts'

interface Entry extends Timer {
  due: number
  /** Breaks ties: the order of setting. */
  order: number
  readonly fn: () => void
  /** Of an interval. */
  readonly every?: number
}

export class VirtualClock implements Clock {
  #now: number
  #order = 0
  /** A binary heap: the next one due is first. */
  readonly #heap: Entry[] = []
  readonly #live = new Set<Timer>()

  constructor(start = 1_700_000_000_000) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  setTimeout(fn: () => void, ms: number): Timer {
    return this.#add({ fn, due: this.#now + Math.max(0, ms), order: this.#order++ })
  }

  setInterval(fn: () => void, ms: number): Timer {
    const every = Math.max(1, ms)
    return this.#add({ fn, every, due: this.#now + every, order: this.#order++ })
  }

  clear(timer: Timer | undefined): void {
    if (timer !== undefined) this.#live.delete(timer) // it stays in the heap, and is passed over when its time comes
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#live.size
  }

  /** Lets `ms` go by and runs what falls due, the timers set on the way included. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await setImmediate()
    for (let next = this.#heap[0]; next !== undefined && next.due <= end; next = this.#heap[0]) {
      this.#pop()
      if (!this.#live.has(next)) continue
      this.#now = next.due
      if (next.every === undefined) this.#live.delete(next)
      else this.#push(Object.assign(next, { due: next.due + next.every, order: this.#order++ }))
      next.fn()
      await setImmediate()
    }
    this.#now = end
  }

  #add(entry: Entry): Timer {
    this.#live.add(entry)
    this.#push(entry)
    return entry
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (isBefore(heap[parent]!, entry)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (isBefore(last, heap[child]!)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

const isBefore = (a: Entry, b: Entry): boolean => a.due < b.due || (a.due === b.due && a.order < b.order)
