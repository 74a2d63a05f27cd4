/**
 * Makes the context of one plugin, and takes it back: what was tapped, timed, opened or deferred through it ends with
 * it.
 */
import type { ComposedPlugin } from '../config/composition.ts'
import { asP2PNetError, messageOf, P2PNetError } from '../errors.ts'
import type { EventName, Events, Listener } from '../events.ts'
import type { Logger } from '../log.ts'
import { createPacketType, type PacketTypeOptions } from '../packets/registry.ts'
import type { Transport } from '../peers/transport.ts'
import type { NodeSettings } from '../settings.ts'
import type { JsonSchema } from '../validators.ts'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import type { Capabilities, CapabilityName } from './capabilities.ts'
import type { CapabilityTable } from './capability-table.ts'
import type { HostNetwork } from './host-network.ts'
import { ownClock, ownRoutines, ownSockets } from './owned.ts'
import type { Disposer, PluginContext } from './plugin-context.ts'
import { createTaps, type TapRecord } from './taps.ts'
import type { PacketType } from '../packets/registry.ts'

/** What the kernel lends to every context. */
export interface ContextServices {
  readonly settings: NodeSettings
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly capabilities: CapabilityTable
  readonly packetTypes: Map<string, PacketType>
  readonly transports: Map<string, Transport>
  /** Ids of the plugins that registered them, by scheme. */
  readonly transportOwners: Map<string, string>
  /** The node for this plugin: its listeners and refusals carry its id. */
  network(plugin: string): { network: HostNetwork; release(): void }
}

export interface OpenContext {
  readonly ctx: PluginContext
  readonly taps: readonly TapRecord[]
  /** From now on taps and capabilities are late. */
  seal(): void
  /** Gives everything back. @throws AggregateError of what went wrong, after all was tried. */
  release(): Promise<void>
}

export function openContext(entry: ComposedPlugin, services: ContextServices): OpenContext {
  const { id, plugin } = entry
  const taps: TapRecord[] = []
  const disposers: Disposer[] = []
  const abort = new AbortController()
  const clock = ownClock(services.clock)
  const net = ownSockets()
  const { network, release: releaseNetwork } = services.network(id)
  let sealed = false

  const inSetup = (what: string) => {
    if (sealed) throw new P2PNetError('E_TAP_LATE', `plugin ${id} ${what} after setup`, { plugin: id })
  }

  const ctx: PluginContext = {
    id,
    hooks: createTaps(id, (tap) => {
      inSetup(`tapped ${tap.hook}`)
      taps.push(ownRoutines(tap, (remove) => disposers.push(remove)))
    }),
    log: services.log.child({ plugin: id }, plugin.category),
    clock,
    random: services.random,
    signal: abort.signal,
    net,
    network,
    settings: services.settings,
    packets: {
      register(type: string, schema: JsonSchema, options?: PacketTypeOptions) {
        inSetup(`registered the packet type ${type}`)
        registerPacketType(services.packetTypes, id, type, schema, options)
      },
      get: (type: string) => services.packetTypes.get(type),
      get types() {
        return services.packetTypes.values()
      },
    } as PluginContext['packets'],
    transport: {
      register(scheme, transport) {
        inSetup(`registered the transport ${scheme}`)
        if (services.transports.has(scheme))
          throw new P2PNetError('E_CAPABILITY_TWICE', `two plugins register the transport ${scheme}`, { plugin: id })
        services.transports.set(scheme, transport)
        services.transportOwners.set(scheme, id)
      },
    },
    defer(disposer) {
      disposers.push(disposer)
    },
    provide<K extends CapabilityName>(capability: K, implementation: Capabilities[K]) {
      inSetup(`provided ${capability}`)
      services.capabilities.provide(entry, capability, implementation)
    },
    use: (capability) => services.capabilities.handle(capability, id),
    has: (capability) => services.capabilities.has(capability),
  }

  return {
    ctx,
    taps,
    seal() {
      sealed = true
    },
    async release() {
      sealed = true
      abort.abort(new P2PNetError('E_STOPPING', `plugin ${id} leaves`, { plugin: id }))
      const errors: unknown[] = []
      for (const dispose of disposers.reverse().concat(() => net.release())) {
        try {
          await dispose()
        } catch (error) {
          errors.push(error)
        }
      }
      clock.release()
      releaseNetwork()
      if (errors.length > 0)
        throw new AggregateError(errors, `plugin ${id} left something behind: ${errors.map(messageOf).join('; ')}`)
    },
  }
}

function registerPacketType(
  types: Map<string, PacketType>,
  plugin: string,
  type: string,
  schema: JsonSchema,
  options?: PacketTypeOptions,
): void {
  if (types.has(type))
    throw new P2PNetError('E_PLUGIN_SETUP', `the packet type ${type} is registered already`, { plugin })
  try {
    types.set(type, createPacketType(type, schema, options))
  } catch (error) {
    throw asP2PNetError(error, 'E_PLUGIN_SETUP', { plugin })
  }
}

/** Listeners of one plugin, so that they can be taken off together. */
export function trackListeners(
  on: <E extends EventName>(event: E, listener: Listener<E>) => void,
  off: <E extends EventName>(event: E, listener: Listener<E>) => void,
) {
  const mine: [EventName, (...args: never[]) => void][] = []
  return {
    on<E extends EventName>(event: E, listener: Listener<E>) {
      mine.push([event, listener as (...args: never[]) => void])
      on(event, listener)
    },
    release() {
      for (const [event, listener] of mine.splice(0)) off(event, listener as (...args: Events[EventName]) => void)
    },
  }
}
