/**
 * Where each value of a composition came from, by JSON pointer.
 */
import type { ResolvedConfig } from '../../schemas/generated/config.ts'
import type { ComposedPlugin, ValueSource } from './composition.ts'
import { pointerTo } from './config-error.ts'
import type { Entry } from './layers.ts'
import { isObject, type Overrides, type OverrideSources } from './settings-of.ts'

type Sources = Iterable<readonly [pointer: string, source: ValueSource]>

/** Of the parts of the config that are the kernel's. */
export function* valueSources(
  { extends: presets, network, logging, limits }: ResolvedConfig,
  written: unknown,
  overrides: Overrides,
  overriddenBy: OverrideSources,
): Sources {
  yield* sourcesOf({ extends: presets, network, logging, limits }, written, '', 'file')
  for (const key of Object.keys(overrides) as (keyof Overrides)[])
    yield [pointerTo('/network', key), overriddenBy[key] ?? 'flag']
}

/** Of the options of plugins, as `/plugins/<id>/options/…`. */
export function* optionSources(plugins: readonly ComposedPlugin[], entries: readonly Entry[]): Sources {
  for (const { id, options, origin } of plugins) {
    if (Object.keys(options).length === 0) continue
    const written = entries.find((entry) => entry.id === id)?.options
    yield* sourcesOf(options, written, `${pointerTo('/plugins', id)}/options`, origin)
  }
}

/** Of each value below `resolved`: `writer` where `written` has it too, else `default`. */
function* sourcesOf(resolved: unknown, written: unknown, at: string, writer: ValueSource): Sources {
  if (!isObject(resolved) || Object.keys(resolved).length === 0) {
    yield [at, written === undefined ? 'default' : writer]
    return
  }
  for (const [key, value] of Object.entries(resolved)) {
    yield* sourcesOf(value, isObject(written) ? written[key] : undefined, pointerTo(at, key), writer)
  }
}
