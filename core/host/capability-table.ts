/**
 * Who fills which slot. The kernel asks for the provider itself; a plugin gets a handle that forwards to whoever
 * provides now, so that it may keep it across a swap.
 */
import type { ComposedPlugin } from '../config/composition.ts'
import { P2PNetError } from '../errors.ts'
import type { Capabilities, CapabilityName } from './capabilities.ts'

interface Provider {
  readonly plugin: string
  readonly implementation: object
}

export class CapabilityTable {
  readonly #declared = new Map<string, string>()
  readonly #providers = new Map<string, Provider>()
  readonly #handles = new Map<string, object>()
  readonly #wouldProvide: (capability: string) => readonly string[]

  /** `wouldProvide`: the built-ins that fill a slot, for the error's remedy. */
  constructor(plugins: readonly ComposedPlugin[], wouldProvide: (capability: string) => readonly string[]) {
    this.#wouldProvide = wouldProvide
    for (const { id, plugin } of plugins) for (const name of plugin.provides ?? []) this.#declared.set(name, id)
  }

  provide(entry: ComposedPlugin, capability: string, implementation: object): void {
    const plugin = entry.id
    if (!(entry.plugin.provides ?? []).includes(capability))
      throw new P2PNetError('E_PLUGIN_SETUP', `plugin ${plugin} provides ${capability} without declaring it`, {
        plugin,
        remedy: `Add ${JSON.stringify(capability)} to the plugin's \`provides\`.`,
      })
    if (this.#providers.has(capability))
      throw new P2PNetError('E_CAPABILITY_TWICE', `${capability} is provided already, and again by plugin ${plugin}`, {
        plugin,
      })
    this.#providers.set(capability, { plugin, implementation })
  }

  /** What a plugin declared and did not provide in its setup is an error. */
  checkProvided(entry: ComposedPlugin): void {
    const missing = (entry.plugin.provides ?? []).find((name) => this.#providers.get(name)?.plugin !== entry.id)
    if (missing === undefined) return
    throw new P2PNetError('E_PLUGIN_SETUP', `plugin ${entry.id} declares ${missing} and did not provide it in setup`, {
      plugin: entry.id,
      remedy: `Call ctx.provide(${JSON.stringify(missing)}, …) in setup, or take it out of \`provides\`.`,
    })
  }

  has(capability: string): boolean {
    return this.#declared.has(capability)
  }

  /** The provider's own object, for the kernel's hot paths. */
  get<K extends CapabilityName>(capability: K): Capabilities[K] | undefined {
    return this.#providers.get(capability)?.implementation as Capabilities[K] | undefined
  }

  /** @throws P2PNetError E_CAPABILITY_MISSING */
  handle<K extends CapabilityName>(capability: K, asker?: string): Capabilities[K] {
    if (!this.#declared.has(capability)) throw this.#missing(capability, asker)
    const known = this.#handles.get(capability)
    if (known !== undefined) return known as Capabilities[K]
    const handle = forwarding(() => {
      const provider = this.#providers.get(capability)
      if (provider === undefined) throw this.#missing(capability, asker)
      return provider.implementation
    })
    this.#handles.set(capability, handle)
    return handle as Capabilities[K]
  }

  #missing(capability: string, asker: string | undefined): P2PNetError {
    const who = asker === undefined ? '' : ` for plugin ${asker}`
    const names = this.#wouldProvide(capability)
    return new P2PNetError('E_CAPABILITY_MISSING', `nothing provides ${capability}${who}`, {
      ...(asker !== undefined && { plugin: asker }),
      remedy:
        names.length > 0 ? `Add ${names.join(' or ')} to \`plugins\`.` : `Add a plugin that provides ${capability}.`,
    })
  }
}

function forwarding(target: () => object): object {
  const bound = new WeakMap<object, object>()
  return new Proxy(
    {},
    {
      get(_, name) {
        const implementation = target()
        const value: unknown = Reflect.get(implementation, name, implementation)
        if (typeof value !== 'function') return value
        let method = bound.get(value)
        if (method === undefined) {
          method = (...args: unknown[]): unknown =>
            Reflect.apply(value as (...args: unknown[]) => unknown, implementation, args)
          bound.set(value, method)
        }
        return method
      },
      has: (_, name) => Reflect.has(target(), name),
      set: () => false,
    },
  )
}
