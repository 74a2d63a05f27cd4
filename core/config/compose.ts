/**
 * From a config to a node on paper: load, check the envelope, import plugins, check all options, lay presets and file
 * over each other, put plugins in order. Nothing is set up or opened. All mistakes that can be found are found at once.
 */
import path from 'node:path'
import { asP2PNetError, type P2PNetError } from '../errors.ts'
import { loadCatalogue, loadPresets, wouldProvide } from './catalogue.ts'
import type { ComposedPlugin, Composition } from './composition.ts'
import { allOf, configError, pointerTo } from './config-error.ts'
import type { Config } from './define.ts'
import { clashError, composed, fileLayer, loadPlugin, presetLayers, type EntryContext } from './entries.ts'
import { layer, type Layered } from './layers.ts'
import { loadConfig, type LoadedConfig } from './load.ts'
import { createModuleLoader } from './module-loader.ts'
import { inOrderOfLife } from './order.ts'
import { copyPlain } from './plain.ts'
import { absolutePaths, settingsOf, withOverrides, type Overrides, type OverrideSources } from './settings-of.ts'
import { optionSources, valueSources } from './sources.ts'
import { checkEnvelope, type CheckedEnvelope } from './validate.ts'

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
  const errors: P2PNetError[] = []
  const modules = createModuleLoader()
  const [catalogue, presets, { value, file, ...from }] = await Promise.all([
    loadCatalogue(),
    loadPresets(),
    loadAlone(() => loadConfig(config, cwd, modules)),
  ])
  const context: EntryContext = { catalogue, presets, modules, errors, ...from, ...(file !== undefined && { file }) }

  const written = plain(value, context)
  const envelope = checked(written, overrides, overriddenBy, context)
  const layered = await lay(envelope, context)
  const plugins = await inOrder(layered, context)
  refuse(errors)

  const resolved = absolutePaths(envelope.config, overrides, from.directory, cwd)
  return {
    config: resolved,
    settings: settingsOf(resolved),
    directory: from.directory,
    ...(file !== undefined && { file }),
    plugins,
    displaced: layered.displaced,
    sources: new Map([
      ...valueSources(resolved, written, overrides, overriddenBy),
      ...optionSources(plugins, layered.entries),
    ]),
    wouldProvide: (capability) => wouldProvide(catalogue, capability),
  }
}

/** Throws what was found so far, if anything was. */
function refuse([first, ...rest]: readonly P2PNetError[]): void {
  if (first !== undefined) throw allOf([first, ...rest])
}

async function loadAlone(load: () => Promise<LoadedConfig>): Promise<LoadedConfig> {
  try {
    return await load()
  } catch (error) {
    throw allOf([asP2PNetError(error, 'E_CONFIG_INVALID')])
  }
}

/** What was written, as a copy of our own; one that has keys like __proto__ in it goes no further. */
function plain(value: unknown, { where, errors }: EntryContext): unknown {
  const { value: copy, findings } = copyPlain(value)
  errors.push(...findings.map((finding) => configError('E_CONFIG_INVALID', where, finding)))
  refuse(errors)
  return copy
}

function checked(written: unknown, overrides: Overrides, by: OverrideSources, context: EntryContext): CheckedEnvelope {
  const envelope = checkEnvelope(copyPlain(withOverrides(written, overrides)).value)
  const keys = Object.keys(overrides) as (keyof Overrides)[]
  for (const finding of envelope.findings) {
    const key = keys.find((name) => finding.path === pointerTo('/network', name))
    const where = key === undefined ? context.where : (by[key] ?? 'flag')
    context.errors.push(configError('E_CONFIG_INVALID', where, finding))
  }
  return envelope
}

interface Laid extends Layered {
  /** Every entry is understood; else what is missing or twice would only be a consequence. */
  readonly sure: boolean
}

async function lay({ config, entries, findings }: CheckedEnvelope, context: EntryContext): Promise<Laid> {
  const { errors, where } = context
  const before = errors.length
  const presets: unknown = config.extends
  const names = Array.isArray(presets) ? presets.filter((name) => typeof name === 'string') : []
  const lower = presetLayers(names, context)
  const upper = await fileLayer(entries, context)
  const understood = !findings.some(({ path: at }) => at === '' || /^\/(?:plugins|extends)\b/.test(at))
  const sure = understood && errors.length === before
  const layered = layer([...lower, upper])
  const clashes = layered.clashes.filter(({ capability }) => sure || capability === undefined)
  errors.push(...clashes.map((clash) => clashError(clash, where)))
  return { ...layered, sure: sure && clashes.length === 0 }
}

async function inOrder({ entries, sure }: Laid, context: EntryContext): Promise<readonly ComposedPlugin[]> {
  const { catalogue, errors, where } = context
  const loaded = await Promise.all(entries.map((entry) => loadPlugin(entry, context)))
  const plugins = entries.flatMap((entry, i) => {
    const plugin = loaded[i]
    return plugin === undefined ? [] : [composed(entry, plugin, context)]
  })
  const { ordered, errors: unordered } = inOrderOfLife(plugins, where, (name) => wouldProvide(catalogue, name))
  if (sure && plugins.length === entries.length) errors.push(...unordered)
  return ordered
}
