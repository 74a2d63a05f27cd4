/**
 * The capabilities that built-ins provide: slots that exactly one plugin fills, found by name and never by plugin.
 * Third parties add theirs by augmentation:
 *
 * ```ts
 * declare module 'p2pnet' { interface Capabilities { weather: Weather } }
 * ```
 */
import type { KeyObject } from 'node:crypto'
import type { Readable, Writable } from 'node:stream'
import type { ReceivedFile } from '../events.ts'
import type { AnyPacket, DataTransmissionPacket, DataType } from '../packets/packet.ts'
import type { Wire } from '../packets/wire.ts'
import type { PeerChannel } from '../peers/channel.ts'
import type { TrustLevel } from '../trust/levels.ts'
import type { Refusal } from '../trust/refusal.ts'
import type { Control } from './control.ts'
import type { Routines } from './routines.ts'

export type * from './control.ts'
export type * from './routines.ts'

/** Open: a plugin augments it with the capabilities it provides. */
export interface Capabilities {
  wire: Wire
  trust: TrustPolicy
  identity: Identity
  keys: Keys
  files: FileManager
  transfer: Transfer
  distribution: Distribution
  routines: Routines
  control: Control
}

export type CapabilityName = keyof Capabilities & string

/**
 * `keys`: the node's own Ed25519 key, and what may be done with the keys of others. A public key is an SPKI in DER, 44 bytes
 * (RFC 8410). There is no key before the node has its identifier: E_STATE.
 */
export interface Keys {
  readonly publicKey: Uint8Array
  /** For transports that prove it, and for nothing that leaves this process. */
  readonly privateKey: KeyObject
  /** 64 bytes (RFC 8032). */
  sign(bytes: Uint8Array): Uint8Array
  /** @throws P2PNetError E_KEY_INVALID for a key that is spelled otherwise, or of small order */
  verify(bytes: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean
  /** Base64url of the SHA-256 of the key: the identifier of whoever holds it. @throws P2PNetError E_KEY_INVALID as verify */
  keyId(publicKey: Uint8Array): string
}

/** `trust`: what a level of trust permits. */
export interface TrustPolicy {
  /** A channel at this level is trusted: every packet may pass. */
  trusted(level: TrustLevel): boolean
  /** May a packet of this type pass at this level? */
  allows(level: TrustLevel, packetType: string): Refusal | undefined
  /** Where incoming peers wait. Absent: they are accepted at once. */
  readonly placement?: 'queue' | 'event' | 'queue-and-event' | undefined
  /** A no to somebody of this name, from the policy's own settings. */
  refuses?(identifier: string): Refusal | undefined
  /** The same for whoever is at this address. */
  refusesAddress?(address: string): Refusal | undefined
  /** Somebody of this name, once proved, counts as authorized by the policy's own settings. */
  authorizes?(identifier: string): boolean
  /** The operator's lists change: the policy may veto by throwing a coded error. The kernel keeps and applies them. */
  block(target: string): void
  unblock(target: string): void
  authorize(identifier: string): void
  revoke(identifier: string): void
}

/** `identity`: who this node is. */
export interface Identity {
  /** Empty until the node has started. */
  readonly identifier: string
  /** A no to being called this from now on. */
  refuses?(identifier: string): Refusal | undefined
}

/** A file in a manager's care. */
export type FileInfo = ReceivedFile

export interface ReadRange {
  /** First byte; default 0. */
  readonly start?: number
  /** Last byte, inclusive as in Node; default the last of the file. */
  readonly end?: number
}

export interface WriteOptions {
  /** Bytes to come. A stream that brings another number is a coded error and publishes nothing. */
  readonly size?: number
  /** Hex. Bytes with another hash are E_HASH and publish nothing. */
  readonly sha256?: string
}

/**
 * A stream into a manager. `stored` settles once the file is published, or why it is not. Bytes that were written are the
 * stream's until it calls back for them; after that others may stand in their memory.
 */
export interface FileWriteStream extends Writable {
  readonly stored: Promise<FileInfo>
}

/** `files`: the seed's IFileManager, and what transfers need. A file is seen whole or not at all. */
export interface FileManager {
  /** @throws P2PNetError E_FILE_NOT_FOUND */
  getFile(nameOrId: string): Promise<Uint8Array>
  /** @throws P2PNetError E_FILE_NAME, E_FILE_EXISTS, E_QUOTA */
  writeToFile(name: string, data: Uint8Array): Promise<FileInfo>
  /** Stores the payload of a small DataTransmission of type File. */
  inboundDataPacketToFile(packet: DataTransmissionPacket): Promise<FileInfo>
  list(): Promise<readonly FileInfo[]>
  stat(nameOrId: string): Promise<FileInfo>
  remove(nameOrId: string): Promise<void>
  createReadStream(nameOrId: string, range?: ReadRange): Readable
  createWriteStream(name: string, options?: WriteOptions): FileWriteStream
}

/** Offered by a peer. */
export interface FileOffer {
  readonly name: string
  /** Bytes, as claimed. */
  readonly size: number
  /** Hex, as claimed. */
  readonly sha256: string
}

/** An answer to an offer: a no, or another name to store it under. */
export type FileVerdict = Refusal | { readonly name: string }

export interface TransferProgress {
  /** Identifier of the receiver. */
  readonly peer: string
  /** Bytes handed to its channel. */
  readonly sent: number
  /** Bytes in all. */
  readonly size: number
}

export interface TransferOptions {
  /** Name at the receivers; default the base name of the path. */
  readonly name?: string
  readonly onProgress?: (progress: TransferProgress) => void
  readonly signal?: AbortSignal
}

/** What became of a send to one peer. */
export interface DistributionResult {
  /** Identifier, or what was asked for if nobody has it. */
  readonly peer: string
  readonly ok: boolean
  readonly error?: { readonly code: string; readonly message: string }
}

/** `transfer`: sends a file to channels, in chunks. Resolves with a row a channel even if one dies. */
export interface Transfer {
  send(path: string, channels: readonly PeerChannel[], options?: TransferOptions): Promise<DistributionResult[]>
}

export interface DistributionTarget {
  /** Identifiers or channels; absent: all trusted channels. */
  readonly to?: readonly (string | PeerChannel)[]
}

export type DataHandler = (bytes: Uint8Array, channel: PeerChannel) => void | Promise<void>

/** `distribution`: the seed's DistributionHandler. */
export interface Distribution {
  /** Wraps bytes into a DataTransmission and sends it. Never waits for a stuck peer. */
  queue(bytes: Uint8Array, dataType: DataType, target?: DistributionTarget): Promise<DistributionResult[]>
  queuePacket(packet: AnyPacket, target?: DistributionTarget): Promise<DistributionResult[]>
  /** Hands over to the `transfer` capability. @throws P2PNetError E_CAPABILITY_MISSING */
  distributeFile(path: string, options?: DistributionTarget & TransferOptions): Promise<DistributionResult[]>
  /** Takes the unwrapped payloads of one data type. One handler each. @throws P2PNetError E_CAPABILITY_TWICE */
  handle(dataType: DataType, handler: DataHandler): void
}

/** Task types by name, with their data. Open: plugins augment it. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- an open map, empty until a plugin augments it
export interface TaskTypes {}

/** A network task: a command. */
export interface Task<K extends string = string> {
  readonly type: K
  readonly data: K extends keyof TaskTypes ? TaskTypes[K] : Readonly<Record<string, unknown>>
}

/** Who asks: the channel it came on, never a field of the task. */
export interface TaskOrigin {
  readonly channel?: PeerChannel
  readonly identifier: string
  readonly level: TrustLevel
}

/** What a task answers: plain data. */
export type TaskResults = Readonly<Record<string, unknown>>
