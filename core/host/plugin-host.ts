/**
 * The life of plugins: setup all in order, start in order, stop in strict reverse. A failed start stops what had
 * started. Every step has a time limit, and an error names the plugin.
 */
import { within, type Clock } from '../clock.ts'
import type { ComposedPlugin } from '../config/composition.ts'
import { messageOf, P2PNetError } from '../errors.ts'
import { openContext, type ContextServices, type OpenContext } from './context.ts'
import { failureOf } from './failure-of.ts'
import { slowTapMs, type GuardServices } from './guard.ts'
import { buildGeneration, type Generation } from './generation.ts'
import type { TapRecord } from './taps.ts'

export type PluginStatus = 'set up' | 'starting' | 'started' | 'stopped' | 'failed'

interface Living {
  readonly entry: ComposedPlugin
  readonly context: OpenContext
  status: PluginStatus
}

export interface PluginHostServices {
  readonly clock: Clock
  readonly context: ContextServices
  readonly guard: GuardServices
  readonly startMs: number
  readonly stopMs: number
}

export class PluginHost {
  readonly #services: PluginHostServices
  readonly #living: Living[] = []
  #generation: Generation

  /** Runs every setup. @throws P2PNetError E_PLUGIN_SETUP; nothing was opened then. */
  constructor(plugins: readonly ComposedPlugin[], services: PluginHostServices) {
    this.#services = services
    try {
      for (const entry of plugins) this.#setUp(entry)
    } catch (error) {
      for (const { context } of this.#living) void context.release().catch(() => undefined)
      throw error
    }
    this.#generation = buildGeneration(inOrder(this.#living), services.guard)
  }

  /** The hooks that are live now. */
  get generation(): Generation {
    return this.#generation
  }

  get statuses(): { id: string; name: string; state: PluginStatus }[] {
    return this.#living.map(({ entry, status }) => ({ id: entry.id, name: entry.plugin.name, state: status }))
  }

  /** Taps in the order in which they run, hook by hook. */
  get taps(): TapRecord[] {
    return inOrder(this.#living)
  }

  /** @throws P2PNetError E_PLUGIN_START, E_PLUGIN_TIMEOUT; what had started is stopped then. */
  async start(): Promise<void> {
    for (const living of this.#living) {
      living.status = 'starting'
      try {
        await this.#step(living, 'start', this.#services.startMs)
        living.status = 'started'
      } catch (error) {
        living.status = 'failed'
        await this.stop()
        throw error
      }
    }
  }

  /** Stops in reverse. What fails or hangs is told and does not keep the rest from stopping. */
  async stop(): Promise<void> {
    for (const living of this.#living.toReversed()) {
      if (living.status === 'stopped') continue
      if (living.status !== 'set up')
        await this.#attempt(living, () => this.#step(living, 'stop', this.#services.stopMs))
      living.status = 'stopped'
      await this.#attempt(living, () => living.context.release())
    }
  }

  #setUp(entry: ComposedPlugin): void {
    const context = openContext(entry, this.#services.context)
    this.#living.push({ entry, context, status: 'set up' })
    const { id, plugin } = entry
    const before = performance.now()
    let result: unknown
    try {
      result = (plugin as { setup(ctx: unknown, options: unknown): unknown }).setup(context.ctx, entry.options)
    } catch (thrown) {
      throw failureOf(entry, 'setup', thrown)
    }
    context.seal()
    if (result instanceof Promise) {
      result.catch(() => undefined)
      throw failureOf(
        entry,
        'setup',
        new TypeError('setup() answered a promise; it must be synchronous, start() may wait'),
      )
    }
    try {
      this.#services.context.capabilities.checkProvided(entry)
    } catch (thrown) {
      throw failureOf(entry, 'setup', thrown)
    }
    this.#reportSlow(id, 'setup', performance.now() - before)
  }

  async #step({ entry, context }: Living, step: 'start' | 'stop', ms: number): Promise<void> {
    const { id, plugin } = entry
    const late = () =>
      new P2PNetError('E_PLUGIN_TIMEOUT', `plugin ${id} did not ${step} within ${String(ms)} ms`, {
        plugin: id,
        hook: step,
      })
    try {
      const before = performance.now()
      const work = Promise.resolve(plugin[step]?.(context.ctx))
      this.#reportSlow(id, step, performance.now() - before)
      await within(this.#services.clock, ms, work, late)
    } catch (thrown) {
      throw failureOf(entry, step, thrown)
    }
  }

  async #attempt({ entry }: Living, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (thrown) {
      const error =
        thrown instanceof P2PNetError
          ? thrown
          : new P2PNetError('E_PLUGIN_STOP', messageOf(thrown), { plugin: entry.id, hook: 'stop', cause: thrown })
      this.#services.guard.failed(entry.id, 'stop', error)
    }
  }

  #reportSlow(plugin: string, hook: string, ms: number): void {
    if (ms <= slowTapMs) return
    const words = `plugin ${plugin} held the event loop for ${ms.toFixed(0)} ms in ${hook}`
    this.#services.guard.failed(plugin, hook, new P2PNetError('E_PLUGIN_SLOW', words, { plugin, hook }))
  }
}

/** By stage; at one stage the file's own entries before its preset's, then the order of life. */
function inOrder(living: readonly Living[]): TapRecord[] {
  return living
    .flatMap(({ entry, context }) => context.taps.map((tap) => ({ tap, rank: entry.origin === 'file' ? 0 : 1 })))
    .sort((a, b) => a.tap.stage - b.tap.stage || a.rank - b.rank)
    .map(({ tap }) => tap)
}
