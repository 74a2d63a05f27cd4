/**
 * Which entries make the node: those of the presets, each preset over the one before, and the file's own over all. An
 * entry with the id of a lower one takes its place; a provider of a capability displaces the lower provider of it.
 */
import type { AnyPlugin } from '../host/define-plugin.ts'
import type { Displaced } from './composition.ts'

/** An entry whose plugin is known: loaded, or a built-in that nobody has needed yet. */
export interface Entry {
  readonly id: string
  readonly use: string | object
  /** As written; our own copy. */
  readonly options: Record<string, unknown>
  readonly enabled: boolean
  /** `/plugins/3` in the file, or `p2pnet:recommended/4`. */
  readonly path: string
  readonly preset?: string
  readonly provides: readonly string[]
  /** Present once it was loaded. */
  readonly plugin?: AnyPlugin
}

/** Two entries of one layer that cannot stand side by side. */
export interface Clash {
  readonly first: Entry
  readonly second: Entry
  /** What both provide; absent when they have the same id. */
  readonly capability?: string
}

export interface Layered {
  /** In config order: where a preset put it, then the file's own. */
  readonly entries: readonly Entry[]
  readonly displaced: readonly Displaced[]
  readonly clashes: readonly Clash[]
}

/** @param layers lowest first. */
export function layer(layers: readonly (readonly Entry[])[]): Layered {
  let entries: Entry[] = []
  const displaced: Displaced[] = []
  const clashes: Clash[] = []
  for (const upper of layers) {
    const lower = entries
    for (const entry of distinct(upper, clashes)) {
      const at = entries.findIndex(({ id }) => id === entry.id)
      const old = entries[at]
      if (old !== undefined && (!entry.enabled || old.use !== entry.use)) displaced.push(gone(old, entry))
      if (!entry.enabled) entries = entries.filter(({ id }) => id !== entry.id)
      else entries = at < 0 ? [...entries, entry] : entries.with(at, entry)
    }
    const own = upper.filter(({ enabled }) => enabled)
    for (const [capability, by] of providers(own, clashes)) {
      const old = lower.find((entry) => entries.includes(entry) && entry.provides.includes(capability))
      if (old === undefined) continue
      displaced.push({ ...gone(old, by), capability })
      entries = entries.filter((entry) => entry !== old)
    }
  }
  return { entries, displaced, clashes }
}

const gone = (old: Entry, by: Entry): Displaced => ({
  id: old.id,
  preset: old.preset ?? '',
  ...(by.enabled && { by: by.id }),
})

/** The same id twice in one layer is a mistake, also when one of the two is switched off. */
function distinct(entries: readonly Entry[], clashes: Clash[]): Entry[] {
  const known = new Map<string, Entry>()
  for (const second of entries) {
    const first = known.get(second.id)
    if (first === undefined) known.set(second.id, second)
    else clashes.push({ first, second })
  }
  return [...known.values()]
}

function providers(entries: readonly Entry[], clashes: Clash[]): Map<string, Entry> {
  const known = new Map<string, Entry>()
  for (const second of entries) {
    for (const capability of second.provides) {
      const first = known.get(capability)
      if (first === undefined) known.set(capability, second)
      else if (first.id !== second.id) clashes.push({ first, second, capability })
    }
  }
  return known
}
