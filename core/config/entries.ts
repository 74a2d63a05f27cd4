/**
 * The entries of presets and file, made ready to be laid over each other, and what becomes of an entry that stays: a
 * plugin with checked options. What is wrong on the way is gathered, not thrown.
 */
import { asP2PNetError, P2PNetError } from '../errors.ts'
import type { AnyPlugin } from '../host/define-plugin.ts'
import { didYouMean } from '../suggest.ts'
import { builtIn, type Presets } from './catalogue.ts'
import type { ComposedPlugin } from './composition.ts'
import { configError, pointerTo } from './config-error.ts'
import type { Clash, Entry } from './layers.ts'
import { copyPlain } from './plain.ts'
import { resolvePlugin, type ResolveContext } from './resolve.ts'
import { checkOptions, type CheckedEntry } from './validate.ts'

export interface EntryContext extends ResolveContext {
  readonly presets: Presets
  /** Takes what is wrong. */
  readonly errors: P2PNetError[]
}

/** A layer for each preset that exists. */
export function presetLayers(names: readonly string[], { presets, catalogue, where, errors }: EntryContext): Entry[][] {
  const known = Object.keys(presets)
  return names.flatMap((preset, index) => {
    const listed = Object.hasOwn(presets, preset) ? presets[preset] : undefined
    if (listed === undefined) {
      const sentence = `must be a preset, and there is no ${JSON.stringify(preset)}${didYouMean(preset, known)}`
      const remedy = `Use ${known.join(' or ')} in \`extends\`.`
      errors.push(configError('E_PRESET_UNKNOWN', where, { path: pointerTo('/extends', index), sentence }, { remedy }))
      return []
    }
    const layer = listed.map((entry, i): Entry => {
      const { use, options = {} } = typeof entry === 'string' ? { use: entry } : entry
      const provides = builtIn(catalogue, use)?.provides ?? []
      return { id: use, use, options: { ...options }, enabled: true, path: `${preset}/${String(i)}`, preset, provides }
    })
    return [layer]
  })
}

/**
 * The file's own layer. Enabled entries come with their plugins, since only a plugin knows its name; they load one after
 * the other, so that what they do while loading happens in the order written.
 */
export async function fileLayer(checked: readonly CheckedEntry[], context: EntryContext): Promise<Entry[]> {
  const entries: Entry[] = []
  for (const { use, id, options = {}, enabled, index } of checked) {
    const path = pointerTo('/plugins', index)
    const plugin = enabled ? await loadPlugin({ use, path }, context) : undefined
    if (enabled && plugin === undefined) continue
    const name = plugin?.name ?? (typeof use === 'string' ? use : ((use as { name?: string }).name ?? '(object)'))
    const provides = plugin?.provides ?? []
    entries.push({ id: id ?? name, use, options, enabled, path, provides, ...(plugin !== undefined && { plugin }) })
  }
  return entries
}

/** Undefined if that failed. */
export async function loadPlugin(
  { use, path, plugin }: Pick<Entry, 'use' | 'path' | 'plugin'>,
  context: EntryContext,
): Promise<AnyPlugin | undefined> {
  try {
    return plugin ?? (await resolvePlugin(use, path, context))
  } catch (error) {
    context.errors.push(asP2PNetError(error, 'E_PLUGIN_LOAD', { path }))
    return undefined
  }
}

/** Checks the options and fills in the defaults. */
export function composed(entry: Entry, plugin: AnyPlugin, { where, errors }: EntryContext): ComposedPlugin {
  const { id, use, path, preset } = entry
  const options = copyPlain(entry.options).value as object
  for (const { path: inside, sentence } of checkOptions(plugin.schema, options)) {
    const finding = { path: `${path}/options${inside}`, sentence }
    errors.push(configError('E_PLUGIN_OPTIONS', where, finding, { plugin: id }))
  }
  return {
    id,
    plugin,
    options: Object.freeze(options),
    use: typeof use === 'string' ? use : '(object)',
    path,
    where,
    origin: preset === undefined ? 'file' : 'preset',
    ...(preset !== undefined && { preset }),
  }
}

export function clashError({ first, second, capability }: Clash, where: string): P2PNetError {
  const both = `${first.path} (${first.id}) and ${second.path} (${second.id})`
  const details = { path: second.path, plugin: second.id }
  if (capability !== undefined)
    return new P2PNetError('E_CAPABILITY_TWICE', `${where}: ${both} both provide ${capability}`, details)
  return new P2PNetError('E_PLUGIN_DUPLICATE', `${where}: ${both} have the same id`, details)
}
