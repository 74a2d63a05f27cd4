/**
 * The keys of others, looked at before anything is done with them. A key must have one spelling, because its hash is a
 * name: whoever may spell it in two ways has two names, and slips a block list. And it must not be one of the few points
 * for which a signature verifies that nobody made.
 */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { keyError } from './key-errors.ts'

/** SubjectPublicKeyInfo of an Ed25519 key up to the point itself (RFC 8410, section 4). */
const prefix = Buffer.from('302a300506032b6570032100', 'hex')
const pointBytes = 32
const spkiBytes = prefix.byteLength + pointBytes

/** The field that coordinates are numbers of: 2^255 - 19 (RFC 8032, section 5.1). */
const p = 2n ** 255n - 19n

/** y of a point of order 8; the other one is its negative. */
const y8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n

/** y of the points whose order divides 8, which is all that is small: with both signs of x these are the eight. */
const smallOrder: ReadonlySet<bigint> = new Set([0n, 1n, p - 1n, y8, p - y8])

/**
 * The key in an SPKI of 44 bytes, in its one spelling.
 * @throws P2PNetError E_KEY_INVALID
 */
export function readPublicKey(spki: Uint8Array): KeyObject {
  if (!(spki instanceof Uint8Array) || spki.byteLength !== spkiBytes)
    throw keyError('E_KEY_INVALID', `a public key is an SPKI of ${String(spkiBytes)} bytes`)
  if (prefix.compare(spki, 0, prefix.byteLength) !== 0)
    throw keyError('E_KEY_INVALID', 'the public key is no Ed25519 key in the encoding of RFC 8410')
  const point = spki.subarray(prefix.byteLength)
  checkPoint(point)
  const x = Buffer.from(point).toString('base64url')
  const key = importKey(x)
  // What stands there must be what the key itself says: an import may forgive more than was looked at here.
  if (key.export({ format: 'jwk' }).x !== x)
    throw keyError('E_KEY_INVALID', 'the public key is not in its canonical encoding')
  return key
}

/** Base64url of the SHA-256 of the key, 43 characters: the identifier of whoever holds it. @throws P2PNetError as readPublicKey */
export function keyIdOf(spki: Uint8Array): string {
  readPublicKey(spki)
  return createHash('sha256').update(spki).digest('base64url')
}

/** A point is y, little-endian, with the sign of x in the highest bit. */
function checkPoint(point: Uint8Array): void {
  const bytes = Buffer.from(point).reverse()
  bytes[0] = (bytes[0] ?? 0) & 0x7f
  const y = BigInt(`0x${bytes.toString('hex')}`)
  if (y >= p) throw keyError('E_KEY_INVALID', 'the point of the public key is not in its canonical encoding')
  if (smallOrder.has(y)) throw keyError('E_KEY_INVALID', 'the point of the public key is of small order')
}

/** As a JWK (RFC 8037): OpenSSL takes ten times as long to find out what a DER is, and the prefix has said that. */
function importKey(x: string): KeyObject {
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  } catch (error) {
    throw keyError('E_KEY_INVALID', 'the public key cannot be read', error)
  }
}
