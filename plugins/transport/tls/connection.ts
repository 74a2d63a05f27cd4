/** A TLS socket that passed all checks, as a connection. */
import type { TLSSocket } from 'node:tls'
import { P2PNetError, type Connection } from '../../../core/index.ts'
import { reusingMemory } from '../shared/reuse-memory.ts'

export function toConnection(socket: TLSSocket, peerKey: string): Connection {
  return Object.assign(reusingMemory(socket), {
    peerKey,
    /** @throws P2PNetError E_CLOSED */
    exporter(label: string, length: number): Uint8Array {
      if (socket.destroyed) throw new P2PNetError('E_CLOSED', 'the connection is closed')
      // TLS 1.3 makes no difference between an empty context and none (RFC 8446, 7.5).
      return socket.exportKeyingMaterial(length, label, Buffer.alloc(0))
    },
  })
}

/** What went wrong in a handshake, in words that are ours and not the peer's. */
export function describeTls({ code = '', message }: NodeJS.ErrnoException): string {
  const words: Record<string, string> = {
    ECONNRESET: 'it left during the handshake',
    EPIPE: 'it left during the handshake',
    ERR_SSL_UNSUPPORTED_PROTOCOL: 'it does not speak TLS 1.3',
    ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it does not speak TLS 1.3',
    ERR_SSL_NO_APPLICATION_PROTOCOL: 'it does not speak p2pnet/1',
    ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'it does not speak p2pnet/1',
    ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
    ERR_SSL_HTTP_REQUEST: 'it speaks HTTP',
  }
  return words[code] ?? `the handshake failed (${(code === '' ? message : code).slice(0, longest)})`
}

const longest = 80
