/**
 * From a config to a node on paper: load, check the envelope, import plugins, check all options, lay presets and file
 * over each other, put plugins in order. Nothing is set up or opened. All mistakes that can be found are found at once.
 */
import path from 'node:path'
import { asP2PNetError, P2PNetError } from '../errors.ts'
import type { AnyPlugin } from '../host/define-plugin.ts'
import { didYouMean } from '../suggest.ts'
import { builtIn, loadCatalogue, loadPresets, wouldProvide, type Catalogue, type Presets } from './catalogue.ts'
import type { ComposedPlugin, Composition, ValueSource } from './composition.ts'
import { allOf, configError, pointerTo, type Finding } from './config-error.ts'
import type { Config } from './define.ts'
import { layer, type Clash, type Entry } from './layers.ts'
import { loadConfig, type LoadedConfig } from './load.ts'
import { createModuleLoader } from './module-loader.ts'
import { inOrderOfLife } from './order.ts'
import { copyPlain } from './plain.ts'
import { resolvePlugin, type ResolveContext } from './resolve.ts'
import {
  absolutePaths,
  isObject,
  settingsOf,
  sourcesOf,
  withOverrides,
  type Overrides,
  type OverrideSources,
} from './settings-of.ts'
import { checkEnvelope, checkOptions, type CheckedEntry } from './validate.ts'

export interface ComposeOptions {
  /** Where a config is searched, and what an object's paths are relative to. Default: the working directory. */
  readonly cwd?: string
  /** The same as `overrides.dataDir`. */
  readonly dataDir?: string
  readonly overrides?: Overrides
  readonly overriddenBy?: OverrideSources
}

/**
 * @param config an object, a path, or nothing: search upwards from `cwd`.
 * @throws P2PNetError the first mistake, with all of them as `errors`.
 */
export async function compose(config: Config | string | undefined, options: ComposeOptions = {}): Promise<Composition> {
  const { dataDir, overriddenBy = {} } = options
  const cwd = path.resolve(options.cwd ?? '')
  const overrides = { ...options.overrides, ...(dataDir !== undefined && { dataDir }) }
  const modules = createModuleLoader()
  const [catalogue, presets] = await Promise.all([loadCatalogue(), loadPresets()])
  const loaded = await failingAlone(() => loadConfig(config, cwd, modules))
  const { where, directory, file } = loaded
  const errors: P2PNetError[] = []

  const { value: written, findings: unplain } = copyPlain(loaded.value)
  errors.push(...unplain.map((finding) => configError('E_CONFIG_INVALID', where, finding)))
  refuse(errors)

  const envelope = checkEnvelope(copyPlain(withOverrides(written, overrides)).value)
  const blame = ({ path: at }: Finding) => {
    const key = (Object.keys(overrides) as (keyof Overrides)[]).find((name) => at === pointerTo('/network', name))
    return key === undefined ? where : (overriddenBy[key] ?? 'flag')
  }
  errors.push(...envelope.findings.map((finding) => configError('E_CONFIG_INVALID', blame(finding), finding)))

  const unclear = envelope.findings.some(({ path }) => path === '' || /^\/(?:plugins|extends)\b/.test(path))

  const found = errors.length
  const context = { catalogue, modules, directory, where, ...(file !== undefined && { file }) }
  const names = Array.isArray(envelope.config.extends)
    ? envelope.config.extends.filter((name) => typeof name === 'string')
    : []
  const lower = names.flatMap((name, i) => presetEntries(name, i, { presets, catalogue, where, errors }))
  const upper = await fileEntries(envelope.entries, context, errors)
  const complete = !unclear && errors.length === found // else what is missing or twice would only be a consequence

  const { entries, displaced, clashes } = layer([...lower, upper])
  errors.push(
    ...clashes
      .filter(({ capability }) => complete || capability === undefined)
      .map((clash) => clashError(clash, where)),
  )
  const plugins: ComposedPlugin[] = []
  for (const entry of entries) {
    const plugin = entry.plugin ?? (await attempt(errors, () => resolvePlugin(entry.use, entry.path, context)))
    if (plugin !== undefined) plugins.push(composed(entry, plugin, where, errors))
  }
  const suggest = (capability: string) => wouldProvide(catalogue, capability)
  const { ordered, errors: unordered } = inOrderOfLife(plugins, where, suggest)
  if (complete && clashes.length === 0 && plugins.length === entries.length) errors.push(...unordered)
  refuse(errors)

  const resolved = absolutePaths(envelope.config, overrides, directory, cwd)
  return {
    config: resolved,
    settings: settingsOf(resolved),
    directory,
    ...(file !== undefined && { file }),
    plugins: ordered,
    displaced,
    sources: new Map([
      ...networkSources(resolved, written, overrides, overriddenBy),
      ...optionSources(ordered, entries),
    ]),
    wouldProvide: suggest,
  }
}

/** Throws what was found so far, if anything was. */
function refuse([first, ...rest]: readonly P2PNetError[]): void {
  if (first !== undefined) throw allOf([first, ...rest])
}

async function failingAlone(load: () => Promise<LoadedConfig>): Promise<LoadedConfig> {
  try {
    return await load()
  } catch (error) {
    throw allOf([asP2PNetError(error, 'E_CONFIG_INVALID')])
  }
}

async function attempt<T>(errors: P2PNetError[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    errors.push(asP2PNetError(error, 'E_PLUGIN_LOAD'))
    return undefined
  }
}

interface PresetContext {
  readonly presets: Presets
  readonly catalogue: Catalogue
  readonly where: string
  readonly errors: P2PNetError[]
}

/** One layer; none for a preset that does not exist. */
function presetEntries(preset: string, index: number, { presets, catalogue, where, errors }: PresetContext): Entry[][] {
  const listed = Object.hasOwn(presets, preset) ? presets[preset] : undefined
  if (listed === undefined) {
    const known = Object.keys(presets)
    const sentence = `must be a preset, and there is no ${JSON.stringify(preset)}${didYouMean(preset, known)}`
    const remedy = `Use ${known.join(' or ')} in \`extends\`.`
    errors.push(configError('E_PRESET_UNKNOWN', where, { path: pointerTo('/extends', index), sentence }, { remedy }))
    return []
  }
  const layerOf = listed.map((entry, i): Entry => {
    const { use, options = {} } = typeof entry === 'string' ? { use: entry } : entry
    const provides = builtIn(catalogue, use)?.provides ?? []
    return { id: use, use, options: { ...options }, enabled: true, path: `${preset}/${String(i)}`, preset, provides }
  })
  return [layerOf]
}

/** The file's own entries: those that are enabled with their plugins, since only a plugin knows its name. */
async function fileEntries(
  checked: readonly CheckedEntry[],
  context: ResolveContext,
  errors: P2PNetError[],
): Promise<Entry[]> {
  const entries: Entry[] = []
  for (const { use, id, options = {}, enabled, index } of checked) {
    const at = pointerTo('/plugins', index)
    const plugin = enabled ? await attempt(errors, () => resolvePlugin(use, at, context)) : undefined
    if (enabled && plugin === undefined) continue
    const name = plugin?.name ?? (typeof use === 'string' ? use : ((use as { name?: string }).name ?? '(object)'))
    const provides = plugin?.provides ?? []
    entries.push({ id: id ?? name, use, options, enabled, path: at, provides, ...(plugin !== undefined && { plugin }) })
  }
  return entries
}

function composed(entry: Entry, plugin: AnyPlugin, where: string, errors: P2PNetError[]): ComposedPlugin {
  const { id, use, path, preset } = entry
  const options = copyPlain(entry.options).value as object
  const at = `${path}/options`
  for (const { path: inside, sentence } of checkOptions(plugin.schema, options))
    errors.push(configError('E_PLUGIN_OPTIONS', where, { path: `${at}${inside}`, sentence }, { plugin: id }))
  return {
    id,
    plugin,
    options: Object.freeze(options),
    use: typeof use === 'string' ? use : '(object)',
    path,
    origin: preset === undefined ? 'file' : 'preset',
    ...(preset !== undefined && { preset }),
  }
}

function clashError({ first, second, capability }: Clash, where: string): P2PNetError {
  const both = `${first.path} (${first.id}) and ${second.path} (${second.id})`
  const details = { path: second.path, plugin: second.id }
  if (capability !== undefined)
    return new P2PNetError('E_CAPABILITY_TWICE', `${where}: ${both} both provide ${capability}`, details)
  return new P2PNetError('E_PLUGIN_DUPLICATE', `${where}: ${both} have the same id`, details)
}

function networkSources(config: Composition['config'], written: unknown, overrides: Overrides, by: OverrideSources) {
  const file = isObject(written) ? written : {}
  const { extends: presets, network, logging, limits } = config
  const sources = [...sourcesOf({ extends: presets, network, logging, limits }, file, '', 'file')]
  const overridden = (Object.keys(overrides) as (keyof Overrides)[]).map((key): [string, ValueSource] => {
    return [pointerTo('/network', key), by[key] ?? 'flag']
  })
  return [...sources, ...overridden]
}

function* optionSources(plugins: readonly ComposedPlugin[], entries: readonly Entry[]) {
  for (const { id, options, origin } of plugins) {
    const written = entries.find((entry) => entry.id === id)?.options
    if (Object.keys(options).length > 0)
      yield* sourcesOf(options, written, `/plugins/${pointerTo('', id).slice(1)}/options`, origin)
  }
}
