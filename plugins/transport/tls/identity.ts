/** What the node shows in every handshake, and how it does TLS: made at the first, and kept. */
import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Keys } from '../../../core/index.ts'
import { certificateFor, toPem } from './certificate.ts'

/** The one application protocol that is spoken (ALPN, RFC 7301). */
export const protocol = 'p2pnet/1'

/** Made anew for each connection it would cost more than the handshake itself. @throws P2PNetError E_STATE without a key */
export function secureContextFor(keys: () => Keys): () => SecureContext {
  let context: SecureContext | undefined
  return () =>
    (context ??= createSecureContext({
      cert: toPem(certificateFor(keys())),
      key: keys().privateKey.export({ type: 'pkcs8', format: 'pem' }),
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
      // No other kind of key gets as far as being checked.
      sigalgs: 'ed25519',
      // No authority vouches for anybody here, so the system's need not be loaded.
      ca: [],
      // A resumed session shows the certificate that it began with, whoever resumes it.
      secureOptions: constants.SSL_OP_NO_TICKET,
    }))
}
