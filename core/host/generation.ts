/**
 * A generation: the hooks of one composition, and how many calls are under way in them. A change of plugins builds a new
 * generation and swaps one reference; a flow keeps the generation it began with. No hook is edited in place.
 */
import { createHooks, type Hooks } from '../hooks.ts'
import { guard, type GuardServices } from './guard.ts'
import type { TapRecord } from './taps.ts'

export class Generation {
  readonly at: Hooks
  #calls = 0
  #idle: (() => void) | undefined

  constructor(at: Hooks) {
    this.at = at
  }

  /** Runs an asynchronous call that must stay in this generation. */
  async run<T>(call: (at: Hooks) => Promise<T>): Promise<T> {
    this.enter()
    try {
      return await call(this.at)
    } finally {
      this.leave()
    }
  }

  enter(): void {
    this.#calls++
  }

  leave(): void {
    if (--this.#calls === 0) this.#idle?.()
  }

  /** Resolves once no call is under way. */
  drained(): Promise<void> {
    if (this.#calls === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle = resolve
    })
  }
}

interface Tappable {
  tap(options: { name: string; stage: number }, fn: unknown): void
  tapPromise?(options: { name: string; stage: number }, fn: unknown): void
}

/** Hooks with these taps, each guarded. Taps of one stage run in the order given. */
export function buildGeneration(taps: readonly TapRecord[], services: GuardServices): Generation {
  const at = createHooks()
  for (const tap of taps) {
    const hook = hookOf(at, tap)
    const options = { name: tap.plugin, stage: tap.stage }
    if (tap.style === 'promise') hook.tapPromise?.(options, guard(tap, services))
    else hook.tap(options, guard(tap, services))
  }
  return new Generation(at)
}

function hookOf(at: Hooks, { hook, key }: TapRecord): Tappable {
  const [family = '', name = ''] = hook.split('.')
  const found = (at as unknown as Record<string, Record<string, unknown>>)[family]?.[name]
  if (key === undefined) return found as Tappable
  return (found as { for(key: string): Tappable }).for(key)
}
