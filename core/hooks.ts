/**
 * The hook catalogue: one literal, six families, every hook documented where it is declared. A plugin sees the side of a
 * hook that can be tapped (host/taps.ts); only the kernel calls.
 *
 * A hook is a question to whoever wants to join in. What has merely happened is an event (events.ts). No answer means
 * "allow": a Refusal is a no, and silence lets things pass.
 */
import { AsyncSeriesBailHook, HookMap, SyncBailHook, SyncHook, SyncWaterfallHook } from 'tapable'
import type {
  FileOffer,
  FileVerdict,
  Routine,
  RoutineRegistry,
  Task,
  TaskOrigin,
  TaskResults,
  TaskTypes,
} from './host/capabilities.ts'
import type { HostNetwork } from './host/host-network.ts'
import type { IdentifierPacket, Packet, PacketTypes } from './packets/packet.ts'
import type { PeerChannel } from './peers/channel.ts'
import type { Candidate } from './peers/peer.ts'
import type { TrustLevel } from './trust/levels.ts'
import type { Refusal } from './trust/refusal.ts'

/** A hook per key: a packet type, a task type, the name of a routine. `get` never creates one. */
export interface KeyedHooks<M> {
  for<K extends keyof M & string>(key: K): M[K]
  get(key: string): M[keyof M & string] | undefined
}

type ReceivedHooks = {
  [K in keyof PacketTypes]: AsyncSeriesBailHook<[packet: PacketTypes[K], channel: PeerChannel], 'handled' | undefined>
}
type TaskHooks = {
  [K in keyof TaskTypes & string]: AsyncSeriesBailHook<[task: Task<K>, origin: TaskOrigin], TaskResults | undefined>
}
type RoutineHooks = Record<string, AsyncSeriesBailHook<[routine: Routine], 'skip' | undefined>>

/** Somebody at the door, before a channel exists. */
export interface ConnectionInfo {
  readonly address: string
  readonly port: number
  readonly inbound: boolean
}

/** A bootstrap server, before it is used. */
export interface BootstrapServerInfo {
  readonly url: string
  readonly mode: 'trustless' | 'authority'
  readonly keyId?: string
  readonly publicKey?: string
}

/** Fresh hooks, untapped: one set per generation. */
export const createHooks = () => ({
  discovery: {
    /** Shape the Identifier packet that goes out. Undefined leaves it as it is. */
    announce: new SyncWaterfallHook<[packet: IdentifierPacket], IdentifierPacket | undefined>(['packet']),
    /** A peer was heard of: refuse it, or it is remembered and may be dialled. */
    candidate: new SyncBailHook<[candidate: Candidate], Refusal | undefined>(['candidate']),
  },
  packets: {
    /** Refuse this packet, from this channel, at the level of trust it has. The packet is dropped, the channel stays. */
    admit: new SyncBailHook<[packet: Packet, channel: PeerChannel], Refusal | undefined>(['packet', 'channel']),
    /**
     * Handle a packet of one type. The actions of the seed's PacketHandleProtocol are the built-in taps at stage 0; a
     * tap at an earlier stage that answers 'handled' replaces them.
     */
    received: new HookMap(
      () =>
        new AsyncSeriesBailHook<[packet: Packet, channel: PeerChannel], 'handled' | undefined>(['packet', 'channel']),
    ) as unknown as KeyedHooks<ReceivedHooks>,
    /** Last look at a packet before it is encoded, once a send however many peers. Undefined leaves it as it is. */
    outgoing: new SyncWaterfallHook<[packet: Packet], Packet | undefined>(['packet']),
  },
  trust: {
    /**
     * Somebody connects or is about to be dialled: refuse before a channel exists. Runs after the kernel's limits, and
     * with a transport that has a costly handshake twice, before and after it.
     */
    connection: new SyncBailHook<[connection: ConnectionInfo], Refusal | undefined>(['connection']),
    /** The seed's PeerTrustHandshake: talk to the peer and say how far it is believed. Nobody answers: untrusted. */
    handshake: new AsyncSeriesBailHook<[channel: PeerChannel], TrustLevel | undefined>(['channel']),
    /** The seed's SetIdentifier: name this node. First answer wins; nobody answers: E_NO_IDENTIFIER. */
    identifier: new AsyncSeriesBailHook<[network: HostNetwork], string | undefined>(['network']),
    /** Refuse this network task from this origin. */
    task: new AsyncSeriesBailHook<[task: Task, origin: TaskOrigin], Refusal | undefined>(['task', 'origin']),
    /** Refuse this bootstrap server, in this mode, with this key. */
    bootstrap: new AsyncSeriesBailHook<[server: BootstrapServerInfo], Refusal | undefined>(['server']),
  },
  files: {
    /** A file is offered: refuse it, or store it under another name. Silence accepts, under the manager's policy. */
    incoming: new AsyncSeriesBailHook<[offer: FileOffer, channel: PeerChannel], FileVerdict | undefined>([
      'offer',
      'channel',
    ]),
  },
  routines: {
    /** Contribute routines. */
    collect: new SyncHook<[registry: RoutineRegistry]>(['registry']),
    /** A routine is about to run: 'skip' leaves this run out. */
    before: new HookMap(
      () => new AsyncSeriesBailHook<[routine: Routine], 'skip' | undefined>(['routine']),
    ) as unknown as KeyedHooks<RoutineHooks>,
  },
  tasks: {
    /** Do what a task of this type asks for, and answer with its result. */
    execute: new HookMap(
      () => new AsyncSeriesBailHook<[task: Task, origin: TaskOrigin], TaskResults | undefined>(['task', 'origin']),
    ) as unknown as KeyedHooks<TaskHooks>,
  },
})

export type Hooks = ReturnType<typeof createHooks>

type NamesOf<F extends keyof Hooks> = `${F}.${keyof Hooks[F] & string}`
export type HookName = { [F in keyof Hooks]: NamesOf<F> }[keyof Hooks]

/**
 * What a tap that throws, hangs or answers nonsense counts as: `refuse` fails closed, `abstain` goes on as if the tap
 * were not there, `reject` fails whatever was asked.
 */
export type FailureRule = 'refuse' | 'abstain' | 'reject'

export interface HookRule {
  readonly kind: 'Sync' | 'SyncBail' | 'SyncWaterfall' | 'AsyncSeriesBail'
  readonly onFailure: FailureRule
  /** What the keys of a keyed hook are. */
  readonly key?: 'packet type' | 'routine' | 'task type'
  /** Plugins may run it with ctx.network.ask(). */
  readonly ask: boolean
}

/** Typed by HookName, so that no hook is forgotten. */
export const hookRules: Readonly<Record<HookName, HookRule>> = {
  'discovery.announce': { kind: 'SyncWaterfall', onFailure: 'abstain', ask: true },
  'discovery.candidate': { kind: 'SyncBail', onFailure: 'refuse', ask: false },
  'packets.admit': { kind: 'SyncBail', onFailure: 'refuse', ask: false },
  'packets.received': { kind: 'AsyncSeriesBail', onFailure: 'abstain', key: 'packet type', ask: false },
  'packets.outgoing': { kind: 'SyncWaterfall', onFailure: 'abstain', ask: false },
  'trust.connection': { kind: 'SyncBail', onFailure: 'refuse', ask: false },
  'trust.handshake': { kind: 'AsyncSeriesBail', onFailure: 'reject', ask: false },
  'trust.identifier': { kind: 'AsyncSeriesBail', onFailure: 'reject', ask: false },
  'trust.task': { kind: 'AsyncSeriesBail', onFailure: 'refuse', ask: true },
  'trust.bootstrap': { kind: 'AsyncSeriesBail', onFailure: 'refuse', ask: true },
  'files.incoming': { kind: 'AsyncSeriesBail', onFailure: 'refuse', ask: true },
  'routines.collect': { kind: 'Sync', onFailure: 'abstain', ask: true },
  'routines.before': { kind: 'AsyncSeriesBail', onFailure: 'abstain', key: 'routine', ask: true },
  'tasks.execute': { kind: 'AsyncSeriesBail', onFailure: 'reject', key: 'task type', ask: true },
}
