/**
 * For TLS that is bare: an Ed25519 key, and the self-signed certificate that p2pnet would show with it.
 */
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { inRepository } from '../harness/places.ts'

interface CertificateFile {
  certificateFor(keys: {
    readonly publicKey: Uint8Array
    sign(bytes: Uint8Array): Uint8Array
    keyId(spki: Uint8Array): string
  }): Uint8Array
  toPem(certificate: Uint8Array): string
}

/** Who somebody is, by key. */
export const keyIdOf = (key: Uint8Array): string => createHash('sha256').update(key).digest('base64url')

export async function makeCertificate(): Promise<{ readonly cert: string; readonly key: string }> {
  const file = inRepository('dist/plugins/transport/tls/certificate.js')
  const { certificateFor, toPem } = (await import(file.href)) as CertificateFile
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const cert = certificateFor({
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    sign: (bytes) => sign(null, bytes, privateKey),
    keyId: keyIdOf,
  })
  return { cert: toPem(cert), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string }
}
