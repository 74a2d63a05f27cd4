/**
 * The node as a plugin sees it: `ctx.network`.
 */
import type { EventName, Events, Listener } from '../events.ts'
import type { HookName, Hooks, KeyedHooks } from '../hooks.ts'
import type { NetworkInterface } from '../interfaces.ts'
import type { AnyPacket } from '../packets/packet.ts'
import type { PeerChannel } from '../peers/channel.ts'
import type { ConnectOptions } from '../peers/connector.ts'
import type { KnownPeers } from '../peers/known-peers.ts'
import type { Candidate, DialTarget } from '../peers/peer.ts'
import type { Listening } from '../peers/transport.ts'
import type { Decision, DecisionQuery } from '../trust/ledger.ts'
import type { Refusal } from '../trust/refusal.ts'
import type { DistributionResult } from './capabilities.ts'
import type { PluginStatus } from './plugin-host.ts'

/** The hooks that plugins may run. */
export type AskableHook =
  | 'tasks.execute'
  | 'trust.task'
  | 'trust.bootstrap'
  | 'files.incoming'
  | 'discovery.announce'
  | 'routines.collect'
  | 'routines.before'

type HookAt<N extends HookName> = N extends `${infer F extends keyof Hooks}.${infer H}`
  ? H extends keyof Hooks[F]
    ? Hooks[F][H]
    : never
  : never

interface Callable<A extends unknown[], R> {
  call?(...args: A): R
  promise(...args: A): Promise<R>
}

type Signature<H> =
  H extends KeyedHooks<infer M>
    ? Signature<M[keyof M]>
    : H extends { promise(...args: infer A): Promise<infer R> }
      ? { args: A; result: R }
      : H extends Callable<infer A, infer R>
        ? { args: A; result: R }
        : never

export type AskArguments<N extends AskableHook> = Signature<HookAt<N>>['args']
export type AskResult<N extends AskableHook> = Signature<HookAt<N>>['result']

export interface BlockOptions {
  /** Milliseconds since 1970; absent: for good. */
  readonly until?: number
}

export interface PublicAddress {
  readonly ipv4?: string
  readonly ipv6?: string
  /** Who says so. */
  readonly source: string
}

export type NetworkState = 'created' | 'starting' | 'running' | 'stopping' | 'stopped'

export interface HostNetwork {
  readonly name: string
  readonly state: NetworkState
  /** In their order of life. */
  readonly plugins: readonly { readonly id: string; readonly name: string; readonly state: PluginStatus }[]
  /** Empty until there is one. */
  readonly identifier: string
  readonly listening: readonly Listening[]
  /** As the operating system lists them; as they were, while it cannot. */
  readonly interfaces: readonly NetworkInterface[]
  readonly publicAddress?: PublicAddress
  readonly knownPeers: KnownPeers
  readonly channels: Iterable<PeerChannel>
  readonly trustedChannels: readonly PeerChannel[]
  /** Hearsay about a peer. Asks discovery.candidate; a refusal comes back and stands in the ledger. */
  candidate(candidate: Candidate): Refusal | undefined
  connect(target: DialTarget, options?: ConnectOptions): Promise<PeerChannel>
  /**
   * One packet to many: packets.outgoing once, encoded once. Never waits; a channel that cannot take it has a row that
   * says why.
   */
  post(packet: AnyPacket, channels: readonly PeerChannel[]): DistributionResult[]
  /** Runs a hook, guarded, in one generation; a refusal is written to the ledger. */
  ask<N extends AskableHook>(hook: N, ...args: AskArguments<N>): Promise<AskResult<N>>
  decisions(query?: DecisionQuery): readonly Decision[]
  /** Writes a refusal of the plugin's own to the ledger and tells `refused`. `peer`: identifier or address. */
  refuse(refusal: Refusal, peer: string, hook: string): void
  block(identifierOrAddress: string, options?: BlockOptions): Promise<void>
  unblock(identifierOrAddress: string): Promise<void>
  authorize(identifier: string): Promise<void>
  revoke(identifier: string): Promise<void>
  /** @throws P2PNetError what the `identity` capability refuses it with */
  setIdentifier(identifier: string): void
  /**
   * The peer of this channel has proved who it is, for handshakes. False: the channel is closed, because somebody else
   * was expected, the name is blocked, or another channel to the same peer stays.
   */
  identify(channel: PeerChannel, identifier: string): boolean
  setPublicAddress(address: PublicAddress): void
  /** Until the plugin leaves. */
  on<E extends EventName>(event: E, listener: Listener<E>): void
  off<E extends EventName>(event: E, listener: Listener<E>): void
  /** For events that plugins own. */
  emit<E extends EventName>(event: E, ...args: Events[E]): void
}
