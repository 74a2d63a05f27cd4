/**
 * What has happened, for whoever wants to know. A wish to change what happens is a hook; an event is only told.
 */
import { EventEmitter } from 'eventemitter3'
import type { P2PNetError } from './errors.ts'
import type { NetworkPacket, Packet } from './packets/packet.ts'
import type { IncomingAttempt } from './peers/inbound-queue.ts'
import type { PeerChannel } from './peers/channel.ts'
import type { KnownAddress, Peer } from './peers/peer.ts'
import type { Listening } from './peers/transport.ts'
import type { Decision } from './trust/ledger.ts'
import type { TrustLevel } from './trust/levels.ts'

/** A file that arrived whole. */
export interface ReceivedFile {
  readonly id: string
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Hex. */
  readonly sha256: string
}

export type PluginState = 'failed' | 'degraded' | 'quarantined'

export interface PluginFailure {
  /** Id of the plugin. */
  readonly plugin: string
  /** The hook, or `setup`, `start`, `stop`, `event:NAME`. */
  readonly hook: string
  readonly error: { readonly code: string; readonly message: string }
  readonly state: PluginState
  /** How many failures of this plugin in this hook the event stands for. */
  readonly count: number
}

/** Events by name, with the arguments of their listeners. Open: a plugin augments it with events of its own. */
export interface Events {
  /** The node takes connections; empty if it has no transport. */
  listening: [listening: readonly Listening[]]
  /** The node has stopped. The last event of its life. */
  stopped: []
  /** The node has a name now, or another one. */
  identifierChanged: [identifier: string]
  /** A channel is open; its peer's identifier may be unknown yet, and trust is another event. */
  peerAdded: [channel: PeerChannel]
  /** A channel is closed; the reason is the other side's if it gave one. */
  peerRemoved: [channel: PeerChannel, reason: P2PNetError]
  /** A peer reached a level, or lost it; `channel.trusted` says whether the policy trusts it. */
  trustChanged: [channel: PeerChannel, level: TrustLevel]
  /** A peer whose trusted channel was lost is trusted again, after so many ms; whichever side dialled. */
  reconnected: [channel: PeerChannel, awayMs: number]
  /** Event placement: somebody wants in. */
  incomingPeer: [attempt: IncomingAttempt]
  /** Discovery heard of somebody and nobody objected; `heard`: the address that was told now. */
  candidate: [peer: Peer, heard?: KnownAddress]
  /** Any packet, after admission and before its handlers. */
  packet: [packet: Packet | NetworkPacket, channel: PeerChannel]
  /** A PureMessage, from its built-in action. */
  message: [text: string, channel: PeerChannel]
  /** Bytes of a DataTransmission of type MiscData. */
  data: [bytes: Uint8Array, channel: PeerChannel]
  /** A file is stored, whole and with the right hash. */
  fileReceived: [file: ReceivedFile, channel: PeerChannel]
  /** Somebody or something was refused. */
  refused: [decision: Decision]
  /** A plugin failed; at most once a second for each plugin and hook. */
  pluginFailed: [failure: PluginFailure]
}

export type EventName = keyof Events & string
export type Listener<E extends EventName> = (...args: Events[E]) => void

/** An emitter in which a throwing listener harms neither the node nor the other listeners. */
export class GuardedEmitter {
  readonly #emitter = new EventEmitter()
  readonly #wrapped = new Map<EventName, Map<unknown, (...args: never[]) => void>>()
  readonly #onError: (event: EventName, owner: string, error: unknown) => void

  constructor(onError: (event: EventName, owner: string, error: unknown) => void) {
    this.#onError = onError
  }

  /** `owner` is named when the listener throws. */
  on<E extends EventName>(event: E, listener: Listener<E>, owner = 'application'): void {
    const wrapped: Emit = (a, b, c, d) => {
      try {
        const result = apply(listener as unknown as Emit, a, b, c, d)
        if (result instanceof Promise)
          result.catch((error: unknown) => {
            this.#onError(event, owner, error)
          })
      } catch (error) {
        this.#onError(event, owner, error)
      }
    }
    let known = this.#wrapped.get(event)
    if (known === undefined) {
      known = new Map<unknown, (...args: never[]) => void>()
      this.#wrapped.set(event, known)
    }
    if (known.has(listener)) return
    known.set(listener, wrapped)
    this.#emitter.on(event, wrapped)
  }

  off<E extends EventName>(event: E, listener: Listener<E>): void {
    const known = this.#wrapped.get(event)
    const wrapped = known?.get(listener)
    if (wrapped === undefined) return
    known?.delete(listener)
    this.#emitter.off(event, wrapped as (...args: unknown[]) => void)
  }

  /** Four arguments at most. */
  emit<E extends EventName>(event: E, ...args: Events[E]): void
  emit(event: EventName, a?: unknown, b?: unknown, c?: unknown, d?: unknown): void {
    this.#emitter.emit(event, a, b, c, d)
  }

  has(event: EventName): boolean {
    return (this.#wrapped.get(event)?.size ?? 0) > 0
  }

  clear(): void {
    this.#wrapped.clear()
    this.#emitter.removeAllListeners()
  }
}

/** Arguments by name: a list of them would be made anew for each packet. */
type Emit = (a?: unknown, b?: unknown, c?: unknown, d?: unknown) => unknown

function apply(listener: Emit, a?: unknown, b?: unknown, c?: unknown, d?: unknown): unknown {
  if (d !== undefined) return listener(a, b, c, d)
  if (c !== undefined) return listener(a, b, c)
  if (b !== undefined) return listener(a, b)
  return a === undefined ? listener() : listener(a)
}
