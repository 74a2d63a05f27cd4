/**
 * What a transport is: it listens and dials, and hands out connections. Registered in setup with
 * `ctx.transport.register('tcp', { listen, dial })`.
 */
import type { Duplex } from 'node:stream'

/** Reads a connection without events. */
export interface ChunkReader {
  /** Bytes came. They lie in memory that is read into again, and are the reader's until it returns. */
  take(chunk: Uint8Array): void
  /** Asked before each read: where the bytes shall go if they are to stay. Undefined: anywhere. */
  memory(): Uint8Array | undefined
}

/** A stream to somebody. */
export interface Connection extends Duplex {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
  /** The address on this side, where the transport has one. */
  readonly localAddress?: string | undefined
  /** Identifier of the key that the transport proved, if it proves one. */
  readonly peerKey?: string
  /** Binds a handshake to this very connection (RFC 5705, RFC 9266). */
  readonly exporter?: (label: string, length: number) => Uint8Array
  /** Begins to read, into memory that is read into again; 'data' is not emitted then. `pause()` and `resume()` count. */
  readonly readInto?: (reader: ChunkReader) => void
}

export interface ListenOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
}

export interface Listening {
  readonly scheme: string
  readonly host: string
  readonly port: number
}

export interface TransportListener {
  readonly host: string
  readonly port: number
  /** Stops accepting. Open connections stay. */
  close(): Promise<void>
}

/**
 * Asked, by a transport that has a costly handshake of its own, about somebody who wants to begin one. The answer is a
 * place: give it back right before onConnection or when nothing comes of it. `giveUp` is called if the place goes to a
 * newcomer before that; without it the place cannot be taken away, however few there are. Undefined: cut them off at
 * once and without a word; the operator was told.
 */
export type Admit = (address: string, port: number, giveUp?: () => void) => (() => void) | undefined

export interface Transport {
  /** @throws P2PNetError E_LISTEN */
  listen(
    options: ListenOptions,
    onConnection: (connection: Connection) => void,
    admit?: Admit,
  ): Promise<TransportListener>
  /** @throws P2PNetError E_DIAL; of a transport that proves keys also E_HANDSHAKE, E_KEY_INVALID, E_SELF */
  dial(address: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<Connection>
}
