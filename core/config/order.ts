/**
 * The order of life: whoever provides a capability comes before those that require it; the order of the config breaks
 * ties. What is missing or goes in a circle is said with both ends.
 */
import { P2PNetError } from '../errors.ts'
import type { AnyPlugin } from '../host/define-plugin.ts'

export interface Placed {
  readonly id: string
  readonly path: string
  readonly plugin: AnyPlugin
}

export interface Ordered<T extends Placed> {
  readonly ordered: readonly T[]
  readonly errors: readonly P2PNetError[]
}

/** What the kernel itself cannot do without, and why. */
const kernelRequires: readonly (readonly [capability: string, reason: string])[] = [
  ['trust', 'a node without a policy of trust does not compose'],
  ['wire', 'a node without a wire format cannot say anything'],
]

export function inOrderOfLife<T extends Placed>(
  entries: readonly T[],
  where: string,
  wouldProvide: (capability: string) => readonly string[],
): Ordered<T> {
  const providers = new Map(entries.flatMap((entry) => (entry.plugin.provides ?? []).map((name) => [name, entry])))
  const missing = (capability: string, words: string, details: { path: string; plugin?: string }) => {
    const names = wouldProvide(capability)
    const remedy =
      names.length > 0 ? `Add ${names.join(' or ')} to \`plugins\`.` : `Add a plugin that provides ${capability}.`
    return new P2PNetError('E_CAPABILITY_MISSING', `${where}: ${words}`, { ...details, remedy })
  }
  const errors = entries.flatMap(({ id, path, plugin }) =>
    (plugin.requires ?? [])
      .filter((capability) => !providers.has(capability))
      .map((name) =>
        missing(name, `${path}: plugin ${id} requires ${name}, and nothing provides it`, { path, plugin: id }),
      ),
  )
  for (const [capability, reason] of kernelRequires) {
    if (providers.has(capability) || entries.some(({ plugin }) => plugin.requires?.includes(capability))) continue
    errors.push(missing(capability, `nothing provides ${capability}, and ${reason}`, { path: '/plugins' }))
  }

  const ordered: T[] = []
  const above: T[] = []
  const place = (entry: T): void => {
    if (ordered.includes(entry)) return
    const at = above.indexOf(entry)
    if (at >= 0) {
      errors.push(circle(above.slice(at), where))
      return
    }
    above.push(entry)
    for (const capability of entry.plugin.requires ?? []) {
      const provider = providers.get(capability)
      if (provider !== undefined) place(provider)
    }
    above.pop()
    ordered.push(entry)
  }
  for (const entry of entries) place(entry)
  return { ordered, errors }
}

function circle(ring: readonly Placed[], where: string): P2PNetError {
  const steps = ring.map(({ id, plugin }, i) => {
    const next = ring[(i + 1) % ring.length]
    const capability = (plugin.requires ?? []).find((name) => next?.plugin.provides?.includes(name)) ?? ''
    return `${id} requires ${capability} of ${next?.id ?? id}`
  })
  const [first] = ring
  return new P2PNetError('E_PLUGIN_CYCLE', `${where}: plugins require each other in a circle: ${steps.join(', ')}`, {
    ...(first !== undefined && { path: first.path, plugin: first.id }),
  })
}
