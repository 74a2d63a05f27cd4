/**
 * Looks at a connection whose TLS handshake is done. TLS itself lets more pass than may: no certificate, no application
 * protocol, any key, any number of certificates. Dates and names are not looked at, because the key is who somebody is.
 */
import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { isP2PNetError, P2PNetError, type Keys } from '../../../core/index.ts'
import { spkiOf } from './certificate.ts'
import { protocol } from './identity.ts'

/**
 * The identifier of the key that the other side proved to hold. To be called once: on the dialling side Node gives the
 * certificate away with the first answer.
 * @throws P2PNetError E_HANDSHAKE, E_KEY_INVALID, E_SELF
 */
export function examine(socket: TLSSocket, keys: Keys): string {
  if (socket.getProtocol() !== 'TLSv1.3') throw refusal('it does not speak TLS 1.3')
  if (socket.alpnProtocol !== protocol) throw refusal(`it does not speak ${protocol}`)
  if (socket.isSessionReused()) throw refusal('it resumed a session')
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) throw refusal('it showed no certificate with an Ed25519 key')
  return keyIdOf(certificate, keys)
}

/** @throws P2PNetError as examine */
export function keyIdOf(certificate: X509Certificate, keys: Keys): string {
  try {
    const { publicKey } = certificate
    if (publicKey.asymmetricKeyType !== 'ed25519') throw refusal('its key is not an Ed25519 key')
    // Present if the peer sent any other certificate besides its own, whatever it says.
    if (certificate.issuerCertificate !== undefined) throw refusal('it showed more than one certificate')
    // Whatever spelling stands in the certificate: the key is identified by the one that is valid.
    // Spelled here and not by OpenSSL, which takes a hundred times as long to find out how.
    const { x = '' } = publicKey.export({ format: 'jwk' })
    const spelled = Buffer.from(spkiOf(Buffer.from(x, 'base64url')))
    if (!certificate.raw.includes(spelled)) throw refusal('its key is spelled otherwise than in DER')
    // Before the key verifies anything: one of small order would verify what nobody signed.
    const identifier = keys.keyId(spelled)
    if (spelled.equals(keys.publicKey)) throw new P2PNetError('E_SELF', 'it holds the key of this very node')
    if (!certificate.verify(publicKey)) throw refusal('its certificate is not signed with its own key')
    return identifier
  } catch (error) {
    throw isP2PNetError(error) ? error : refusal('its certificate cannot be read', error)
  }
}

function refusal(reason: string, cause?: unknown): P2PNetError {
  return new P2PNetError('E_HANDSHAKE', reason, cause === undefined ? {} : { cause })
}
