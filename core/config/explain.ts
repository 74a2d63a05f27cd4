/**
 * The resolved node, told: every value with its source, the plugins in order with where each came from, who answers
 * which hook, what listens where, what is visible on the wire, and the memory that the limits allow.
 */
import type { TapRecord } from '../host/taps.ts'
import { hookRules, type HookName } from '../hooks.ts'
import { builtIn, type Catalogue, type PlannedSocket } from './catalogue.ts'
import type { Composition, Displaced, ValueSource } from './composition.ts'
import { worstCase, type WorstCase } from './worst-case.ts'
import { trustReach, type Paper, type TrustReach } from './trust-reach.ts'

export interface ExplainedPlugin {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly use: string
  readonly origin: 'file' | 'preset'
  readonly preset?: string
  readonly path: string
  readonly provides: readonly string[]
  readonly requires: readonly string[]
}

export interface ExplainedTap {
  readonly plugin: string
  readonly stage: number
  /** Of a keyed hook: the packet type, routine or task type. */
  readonly key?: string
}

export interface Explanation {
  /** The config file, if there is one. */
  readonly file?: string
  /** By JSON pointer. */
  readonly values: Readonly<Record<string, { readonly value: unknown; readonly source: ValueSource }>>
  /** In order of life. */
  readonly plugins: readonly ExplainedPlugin[]
  readonly displaced: readonly Displaced[]
  /** Taps in the order in which they run, by hook. */
  readonly hooks: Readonly<Record<string, readonly ExplainedTap[]>>
  /** Those of built-ins; other plugins may open more. */
  readonly sockets: readonly (PlannedSocket & { readonly plugin: string })[]
  /** What somebody who sees the packets go by learns. */
  readonly wire: readonly { readonly plugin: string; readonly visible: string }[]
  /** How far a handshake can lead, and from where on the policy trusts. */
  readonly trust: TrustReach
  readonly memory: WorstCase
}

export function explain(composition: Composition, catalogue: Catalogue, paper: Paper): Explanation {
  const { file, settings, plugins, displaced, sources } = composition
  const described = plugins.flatMap(({ id, use, options }) => {
    const entry = builtIn(catalogue, use)
    return entry === undefined ? [] : [{ id, options, entry }]
  })
  const values = [...sources].map(([pointer, source]) => [
    pointer,
    { value: plainly(valueAt(composition, pointer)), source },
  ])
  return {
    ...(file !== undefined && { file }),
    values: Object.fromEntries(values) as Explanation['values'],
    plugins: plugins.map(({ plugin, options: _, where: __, ...entry }) => {
      const { name, version, provides = [], requires = [] } = plugin
      return { ...entry, name, version, provides, requires }
    }),
    displaced,
    hooks: Object.fromEntries((Object.keys(hookRules) as HookName[]).map((hook) => [hook, tapsOf(hook, paper.taps)])),
    sockets: described.flatMap(({ id, options, entry }) =>
      (entry.opens?.(settings, options) ?? []).map((socket) => ({ ...socket, plugin: id })),
    ),
    wire: described.flatMap(({ id, entry }) =>
      entry.visible === undefined ? [] : [{ plugin: id, visible: entry.visible }],
    ),
    trust: trustReach(plugins, paper),
    memory: worstCase(settings),
  }
}

function tapsOf(hook: HookName, taps: readonly TapRecord[]): ExplainedTap[] {
  return taps
    .filter((tap) => tap.hook === hook)
    .map(({ plugin, stage, key }) => ({ plugin, stage, ...(key !== undefined && { key }) }))
}

const pluginOptions = /^\/plugins\/([^/]+)\/options/

function valueAt({ config, plugins }: Composition, pointer: string): unknown {
  const unescape = (step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~')
  const id = pluginOptions.exec(pointer)?.[1]
  const root: unknown = id === undefined ? config : plugins.find((plugin) => plugin.id === unescape(id))?.options
  const steps = pointer.replace(pluginOptions, '').split('/').slice(1)
  return steps.reduce((value, step) => (value as Record<string, unknown>)[unescape(step)], root)
}

/** Functions have no JSON. */
function plainly(value: unknown): unknown {
  if (typeof value === 'function') return `[function ${value.name === '' ? 'without a name' : value.name}]`
  if (Array.isArray(value)) return value.map(plainly)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainly(inner)]))
}
