/**
 * What a plugin holds of the node: its context. Whatever it taps, times, opens or defers through here is reclaimed when
 * the plugin leaves.
 */
import type { Server, Socket, TcpNetConnectOpts, ServerOpts } from 'node:net'
import type { Socket as DatagramSocket, SocketOptions } from 'node:dgram'
import type { Clock } from '../clock.ts'
import type { Logger } from '../log.ts'
import type { PacketRegistry, PacketTypeOptions } from '../packets/registry.ts'
import type { PacketTypes } from '../packets/packet.ts'
import type { Transport } from '../peers/transport.ts'
import type { Random } from '../random.ts'
import type { NodeSettings } from '../settings.ts'
import type { JsonSchema } from '../validators.ts'
import type { Capabilities, CapabilityName } from './capabilities.ts'
import type { HostNetwork } from './host-network.ts'
import type { HookTaps } from './taps.ts'

/** Gives something back. Run in reverse order when the plugin leaves. */
export type Disposer = () => void | Promise<void>

/** Sockets that belong to the plugin and are closed when it leaves. */
export interface OwnedSockets {
  createServer(options: ServerOpts, onConnection: (socket: Socket) => void): Server
  connect(options: TcpNetConnectOpts): Socket
  /** A datagram socket. */
  createSocket(options: SocketOptions): DatagramSocket
}

export interface PacketTypesOf extends PacketRegistry {
  /**
   * Makes a packet type known, in setup. The schema is closed and covers all fields; one field may be `"bytes": true`.
   * Register a type before sending it or tapping `packets.received` for it.
   */
  register<K extends keyof PacketTypes & string>(
    type: K,
    schema: JsonSchema,
    options?: PacketTypeOptions<PacketTypes[K]>,
  ): void
  register(type: string, schema: JsonSchema, options?: PacketTypeOptions): void
}

export interface PluginContext {
  /** Id of the entry; the plugin's name unless the config says otherwise. */
  readonly id: string
  /** Tap in setup; later is E_TAP_LATE. */
  readonly hooks: HookTaps
  readonly log: Logger
  /** Timers set through it end with the plugin. */
  readonly clock: Clock
  readonly random: Random
  /** Aborted when the plugin leaves. */
  readonly signal: AbortSignal
  readonly net: OwnedSockets
  readonly network: HostNetwork
  readonly packets: PacketTypesOf
  readonly transport: {
    /** Makes a scheme known, in setup. The host listens and dials through it. */
    register(scheme: string, transport: Transport): void
  }
  /** The `network` and `limits` parts of the config, resolved. */
  readonly settings: NodeSettings
  /** Registers something to be given back when the plugin leaves. */
  defer(disposer: Disposer): void
  /** Fills a slot that the plugin declares in `provides`, in setup. */
  provide<K extends CapabilityName>(capability: K, implementation: Capabilities[K]): void
  /**
   * A stable handle on a capability: it forwards to whoever provides it now.
   * @throws P2PNetError E_CAPABILITY_MISSING
   */
  use<K extends CapabilityName>(capability: K): Capabilities[K]
  has(capability: CapabilityName): boolean
}
