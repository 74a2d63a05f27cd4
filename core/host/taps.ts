/**
 * The side of a hook that a plugin sees: it can be tapped, never called. A tap is recorded during setup and goes live
 * with the generation that the host builds from all records.
 */
import type { AsyncSeriesBailHook, SyncBailHook, SyncHook, SyncWaterfallHook } from 'tapable'
import { closest } from '../suggest.ts'
import { P2PNetError } from '../errors.ts'
import { hookRules, type HookName, type Hooks, type KeyedHooks } from '../hooks.ts'

export interface TapOptions {
  /** Lower runs earlier. The built-ins tap at 0; -10 comes before them. */
  readonly stage?: number
}

// A union with void, so that an async function does not pass for a synchronous observer.
type Answer<R> = [R] extends [void] ? void | undefined : R

export interface SyncTaps<A extends unknown[], R> {
  tap(fn: (...args: A) => R, options?: TapOptions): void
}
export interface AsyncTaps<A extends unknown[], R> extends SyncTaps<A, R> {
  tapPromise(fn: (...args: A) => Promise<R>, options?: TapOptions): void
}

/** What tapable's classes become in a plugin's hands. */
export type Taps<H> =
  H extends KeyedHooks<infer M>
    ? { for<K extends keyof M & string>(key: K): Taps<M[K]> }
    : H extends AsyncSeriesBailHook<infer A extends unknown[], infer R>
      ? AsyncTaps<A, Answer<R>>
      : H extends SyncBailHook<infer A extends unknown[], infer R>
        ? SyncTaps<A, Answer<R>>
        : H extends SyncWaterfallHook<infer A extends unknown[], infer R>
          ? SyncTaps<A, R>
          : H extends SyncHook<infer A extends unknown[]>
            ? SyncTaps<A, void | undefined>
            : { readonly [K in keyof H]: Taps<H[K]> }

export type HookTaps = Taps<Hooks>

export type AnyFn = (...args: never[]) => unknown

/** One tap, as a plugin made it in setup. */
export interface TapRecord {
  /** Id of the plugin. */
  readonly plugin: string
  readonly hook: HookName
  /** Of a keyed hook. */
  readonly key?: string
  readonly style: 'sync' | 'promise'
  readonly stage: number
  readonly fn: AnyFn
}

/**
 * The facade for one plugin. `record` takes each tap, or throws when setup is over (E_TAP_LATE).
 */
export function createTaps(plugin: string, record: (tap: TapRecord) => void): HookTaps {
  const families: Record<string, Record<string, unknown>> = {}
  for (const [name, rule] of Object.entries(hookRules) as [HookName, (typeof hookRules)[HookName]][]) {
    const [family = '', hook = ''] = name.split('.')
    const point = (key?: string) => tapPoint(plugin, name, rule.kind.startsWith('Async'), key, record)
    const side = rule.key === undefined ? point() : Object.freeze({ for: (key: string) => point(key) })
    ;(families[family] ??= {})[hook] = side
  }
  const named = Object.entries(families).map(
    ([family, hooks]) => [family, strict(plugin, hooks, `${family}.`)] as const,
  )
  return strict(plugin, Object.fromEntries(named), '') as unknown as HookTaps
}

function tapPoint(
  plugin: string,
  hook: HookName,
  async: boolean,
  key: string | undefined,
  record: (tap: TapRecord) => void,
) {
  const make =
    (style: TapRecord['style']) =>
    (fn: AnyFn, options: TapOptions = {}) => {
      if (typeof fn !== 'function')
        throw new P2PNetError('E_PLUGIN_SETUP', `a tap of ${hook} must be a function`, { plugin, hook })
      record({ plugin, hook, ...(key !== undefined && { key }), style, stage: options.stage ?? 0, fn })
    }
  return Object.freeze(async ? { tap: make('sync'), tapPromise: make('promise') } : { tap: make('sync') })
}

/** An object whose unknown names are an error that suggests the right one, instead of an undefined that explodes later. */
function strict(plugin: string, target: Record<string, unknown>, prefix: string): object {
  return new Proxy(Object.freeze(target), {
    get(from, name) {
      if (typeof name === 'symbol' || name === 'then' || name === 'toJSON') return undefined
      if (Object.hasOwn(from, name)) return from[name]
      const suggestion = closest(name, Object.keys(from))
      const hint = suggestion === undefined ? '' : `; did you mean ${prefix}${suggestion}?`
      throw new P2PNetError('E_HOOK_UNKNOWN', `there is no hook ${prefix}${name}${hint}`, {
        plugin,
        hook: prefix + name,
      })
    },
  })
}
