/**
 * The public surface of p2pnet. Whatever is not exported here is private.
 */
export { PeerNetwork, type CreateOptions } from './network.ts'
export { defineConfig, type Config, type PluginEntry, type PluginOptions } from './config/define.ts'
export type { BuiltIn, Catalogue, PlannedSocket, Presets } from './config/catalogue.ts'
export {
  definePlugin,
  pluginApi,
  type CommandLoader,
  type CommandModule,
  type Plugin,
  type AnyPlugin,
} from './host/define-plugin.ts'
export type { CommandLine, NodeOnPaper } from './host/command-line.ts'
export { P2PNetError, isP2PNetError, asP2PNetError, messageOf, type ErrorCode, type ErrorReport } from './errors.ts'
export { TrustLevel, trustLevelName, isTrustLevel, type TrustLevelName } from './trust/levels.ts'
export { handshakeFailed, isRefusal, type Refusal } from './trust/refusal.ts'
export { addressRange } from './trust/access-lists.ts'
export type { Decision, DecisionQuery } from './trust/ledger.ts'
export { sleep, within, systemClock, type Clock, type Timer } from './clock.ts'
export { systemRandom, type Random } from './random.ts'
export { TokenBucket } from './peers/token-bucket.ts'
export { makeDirectory } from './data-dir.ts'
export { closest, didYouMean } from './suggest.ts'
export type { Logger, LogCategory, LogLevel } from './log.ts'
export type { EventName, Events, Listener, PluginFailure, PluginState, ReceivedFile } from './events.ts'
export type * from './packets/packet.ts'
export type { Lease, ReadMemory } from './packets/memory.ts'
export { attachPieces, borrowPieces, piecesOf, type BorrowedPieces } from './packets/pieces.ts'
export type * from './packets/wire.ts'
export type { PacketRegistry, PacketType, PacketTypeOptions } from './packets/registry.ts'
export { addressGroup, plainAddress } from './peers/address-group.ts'
export { isOwnAddress } from './peers/own-address.ts'
export type * from './peers/peer.ts'
export { isShare } from './peers/peer.ts'
export type { PeerChannel } from './peers/channel.ts'
export type { ChannelPeer, ChannelStats, PacketTaker } from './peers/channel-services.ts'
export type { KnownPeers, ProvedPeer } from './peers/known-peers.ts'
export type { ConnectOptions } from './peers/connector.ts'
export type { IncomingAttempt, Placement } from './peers/inbound-queue.ts'
export type * from './peers/transport.ts'
export type { InterfaceAddress, NetworkInterface } from './interfaces.ts'
export type { Limits, NodeSettings } from './settings.ts'
export type { JsonSchema, SchemaError, Validator } from './validators.ts'
export type * from './host/capabilities.ts'
export type { Disposer, OwnedSockets, PacketTypesOf, PluginContext } from './host/plugin-context.ts'
export type { AskableHook, BlockOptions, HostNetwork, NetworkState, PublicAddress } from './host/host-network.ts'
export type { AsyncTaps, HookTaps, SyncTaps, TapOptions } from './host/taps.ts'
export type { BootstrapServerInfo, ConnectionInfo, HookName, HookRule } from './hooks.ts'
