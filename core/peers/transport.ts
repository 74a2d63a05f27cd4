/**
 * What a transport is: it listens and dials, and hands out connections. Registered in setup with
 * `ctx.transport.register('tcp', { listen, dial })`.
 */
import type { Duplex } from 'node:stream'

/** A stream to somebody. */
export interface Connection extends Duplex {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
  /** Identifier of the key that the transport proved, if it proves one. */
  readonly peerKey?: string
  /** Binds a handshake to this very connection (RFC 5705, RFC 9266). */
  readonly exporter?: (label: string, length: number) => Uint8Array
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

export interface Transport {
  /** @throws P2PNetError E_LISTEN */
  listen(options: ListenOptions, onConnection: (connection: Connection) => void): Promise<TransportListener>
  /** @throws P2PNetError E_DIAL */
  dial(address: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<Connection>
}
