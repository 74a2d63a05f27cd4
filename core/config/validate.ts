/**
 * The two checks of a config by schema: the envelope, and the options of each plugin. Both fill in defaults, so they
 * are given copies.
 */
import { configSchema, type ResolvedConfig } from '../../schemas/generated/config.ts'
import { isBranded } from '../host/define-plugin.ts'
import { validatorOf, type JsonSchema } from '../validators.ts'
import { inWords, pointerTo, type Finding } from './config-error.ts'
import { findingsOf } from './schema-errors.ts'

/** The schema of a plugin that declares none. */
const noOptions: JsonSchema = { type: 'object', additionalProperties: false, properties: {} }

/** An entry as the envelope's check leaves it. */
export interface CheckedEntry {
  readonly use: string | object
  readonly id?: string
  readonly options?: Record<string, unknown>
  readonly enabled: boolean
  /** Where it stands in its list. */
  readonly index: number
}

export interface CheckedEnvelope {
  /** With defaults; only as good as the findings allow. */
  readonly config: ResolvedConfig
  /** The entries without findings. */
  readonly entries: readonly CheckedEntry[]
  readonly findings: readonly Finding[]
}

/** @param copy the config, ours to change. */
export function checkEnvelope(copy: unknown): CheckedEnvelope {
  if (typeof copy !== 'object' || copy === null || Array.isArray(copy)) {
    const sentence = `the config must be an object, got ${inWords(copy)}`
    return { config: {} as ResolvedConfig, entries: [], findings: [{ path: '', sentence }] }
  }
  const config = copy as Record<string, unknown>
  if (Array.isArray(config.plugins)) config.plugins = config.plugins.map(plainEntry)
  const validate = validatorOf(configSchema, 'options')
  const findings = validate(config) ? [] : findingsOf(validate.errors ?? [])
  const bad = (index: number) => {
    const path = pointerTo('/plugins', index)
    return findings.some((finding) => finding.path === path || finding.path.startsWith(`${path}/`))
  }
  const listed = Array.isArray(config.plugins) ? (config.plugins as (string | Omit<CheckedEntry, 'index'>)[]) : []
  const entries = listed.flatMap((entry, index) => {
    if (bad(index)) return []
    return typeof entry === 'string' ? [{ use: entry, enabled: true, index }] : [{ ...entry, index }]
  })
  const uses = entries.flatMap(({ use, index }) => misused(use, pointerTo(pointerTo('/plugins', index), 'use')))
  return {
    config: config as unknown as ResolvedConfig,
    entries: entries.filter(({ use, index }) => misused(use, String(index)).length === 0),
    findings: [...findings, ...uses],
  }
}

/** @param options ours to change. */
export function checkOptions(schema: JsonSchema | undefined, options: object): Finding[] {
  const validate = validatorOf(schema ?? noOptions, 'options')
  return validate(options) ? [] : findingsOf(validate.errors ?? [])
}

/** A plugin object may stand for an entry that says nothing else; so may one that forgot definePlugin, for its error. */
function plainEntry(entry: unknown): unknown {
  if (isBranded(entry)) return { use: entry }
  if (typeof entry !== 'object' || entry === null || 'use' in entry) return entry
  return typeof (entry as { setup?: unknown }).setup === 'function' ? { use: entry } : entry
}

/** The schema leaves `use` open, since a plugin object has no shape in JSON. */
function misused(use: unknown, path: string): Finding[] {
  if (use === '') return [{ path, sentence: 'must not be empty' }]
  if (typeof use === 'string' || (typeof use === 'object' && use !== null) || typeof use === 'function') return []
  return [{ path, sentence: `must be a name, a package, a path or a plugin object, got ${inWords(use)}` }]
}
