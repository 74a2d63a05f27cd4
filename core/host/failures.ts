/**
 * Failures of plugins, gathered: at most one `pluginFailed` a second for each plugin and hook, with a count.
 */
import type { Clock, Timer } from '../clock.ts'
import type { P2PNetError } from '../errors.ts'
import type { PluginFailure, PluginState } from '../events.ts'

const gatherMs = 1000

interface Gathered {
  count: number
  error: P2PNetError
  state: PluginState
  timer: Timer
}

export class Failures {
  readonly #clock: Clock
  readonly #tell: (failure: PluginFailure) => void
  readonly #gathered = new Map<string, Gathered>()

  constructor(clock: Clock, tell: (failure: PluginFailure) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  report(plugin: string, hook: string, error: P2PNetError): void {
    const key = `${plugin}\n${hook}`
    const state = error.code === 'E_PLUGIN_SLOW' ? 'degraded' : 'failed'
    const known = this.#gathered.get(key)
    if (known !== undefined) {
      known.count++
      known.error = error
      known.state = state
      return
    }
    const timer = this.#clock.setTimeout(() => {
      this.#flush(plugin, hook, key)
    }, gatherMs)
    // Noted before it is told: whoever listens may fail as well.
    this.#gathered.set(key, { count: 0, error, state, timer })
    this.#say(plugin, hook, error, state, 1)
  }

  /** Says what is still gathered and forgets it. */
  close(): void {
    for (const [key, gathered] of this.#gathered) {
      this.#clock.clear(gathered.timer)
      const [plugin = '', hook = ''] = key.split('\n')
      if (gathered.count > 0) this.#say(plugin, hook, gathered.error, gathered.state, gathered.count)
    }
    this.#gathered.clear()
  }

  #flush(plugin: string, hook: string, key: string): void {
    const gathered = this.#gathered.get(key)
    this.#gathered.delete(key)
    if (gathered === undefined || gathered.count === 0) return
    const timer = this.#clock.setTimeout(() => {
      this.#flush(plugin, hook, key)
    }, gatherMs)
    this.#gathered.set(key, { ...gathered, count: 0, timer })
    this.#say(plugin, hook, gathered.error, gathered.state, gathered.count)
  }

  #say(plugin: string, hook: string, { code, message }: P2PNetError, state: PluginState, count: number): void {
    this.#tell({ plugin, hook, error: { code, message }, state, count })
  }
}
