/**
 * Watches over what plugins and listeners do in a node: who failed where, who gave an answer, who holds the event loop.
 */
import type { Clock } from '../clock.ts'
import { messageOf, P2PNetError } from '../errors.ts'
import { GuardedEmitter } from '../events.ts'
import { Failures } from './failures.ts'
import { slowTapMs, type GuardServices } from './guard.ts'

/** Calls of taps that are timed after a slow turn. */
const watchedCalls = 10_000

export class Oversight {
  /** The node's events; a listener that throws is named and harms nobody. */
  readonly events: GuardedEmitter
  readonly guard: GuardServices
  readonly #failures: Failures

  constructor(clock: Clock, tapMs: number) {
    this.#failures = new Failures(clock, (failure) => {
      this.events.emit('pluginFailed', failure)
    })
    this.events = new GuardedEmitter((event, owner, thrown) => {
      const hook = `event:${event}`
      const who = owner === 'application' ? 'a listener' : `plugin ${owner}`
      const words = `${who} failed in ${hook}: ${messageOf(thrown)}`
      this.#failures.report(
        owner,
        hook,
        new P2PNetError('E_PLUGIN_FAILED', words, { plugin: owner, hook, cause: thrown }),
      )
    })
    this.guard = {
      clock,
      tapMs,
      answeredBy: new WeakMap(),
      watch: { calls: 0 },
      failed: (plugin, hook, error) => {
        this.#failures.report(plugin, hook, error)
      },
    }
  }

  /** A turn of reading took this long: after a slow one, taps are timed for a while. */
  turn(ms: number): void {
    if (ms > slowTapMs) this.guard.watch.calls = watchedCalls
  }

  /** Tells what is still gathered. */
  close(): void {
    this.#failures.close()
  }
}
