/** Certificates of all kinds, good and bad, and their keys: what a hostile peer might show. */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { certificateFor, toPem } from '../../../../plugins/transport/tls/certificate.ts'
import * as der from '../../../../plugins/transport/tls/der.ts'
import { smallOrderPoints, spkiOf, testKeys, type TestKeys } from '../../../support/keys.ts'
import type { Claim } from './raw-client.ts'

export interface Shown {
  readonly cert: string
  readonly key: string
}

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string
const oid = (hex: string) => der.objectIdentifier(Buffer.from(hex, 'hex'))
const none = Uint8Array.of(5, 0)

const algorithms = {
  ed25519: { id: der.sequence(oid('2b6570')), hash: null },
  rsa: { id: der.sequence(oid('2a864886f70d01010b'), none), hash: 'sha256' },
  ec: { id: der.sequence(oid('2a8648ce3d040302')), hash: 'sha256' },
} as const

export interface Forgery {
  readonly spki: Uint8Array
  readonly algorithm?: keyof typeof algorithms
  /** Dates of another kind. */
  readonly validity?: [from: string, until: string]
  signature(bytes: Uint8Array): Uint8Array
}

export function forge({ spki, algorithm = 'ed25519', validity, signature }: Forgery): Uint8Array {
  const { id } = algorithms[algorithm]
  const name = der.sequence(der.set(der.sequence(oid('550403'), der.utf8('somebody'))))
  const [from, until] = validity ?? ['200101000000Z', '400101000000Z']
  const dates = der.sequence(der.utcTime(from), der.utcTime(until))
  const serial = der.integer(Uint8Array.of(1))
  const signed = der.sequence(der.explicit(0, der.integer(Uint8Array.of(2))), serial, id, name, dates, name, spki)
  return der.sequence(signed, id, der.bitString(signature(signed)))
}

/** What a node shows. */
export const honest = (keys: TestKeys = testKeys()): Shown => ({
  cert: toPem(certificateFor(keys)),
  key: pemOf(keys.privateKey),
})

/** Self-signed by a key of another kind. */
export function selfSigned(algorithm: 'rsa' | 'ec'): Shown {
  const { publicKey, privateKey } =
    algorithm === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const { hash } = algorithms[algorithm]
  const certificate = forge({ spki, algorithm, signature: (bytes) => sign(hash, bytes, privateKey) })
  return { cert: toPem(certificate), key: pemOf(privateKey) }
}

/** An Ed25519 key, and somebody else's signature below it. */
export function signedByAnother(): Shown {
  const [own, other] = [testKeys(), testKeys()]
  const certificate = forge({ spki: own.publicKey, signature: (bytes) => other.sign(bytes) })
  return { cert: toPem(certificate), key: pemOf(own.privateKey) }
}

export function expired(keys: TestKeys): Shown {
  const validity: [string, string] = ['200101000000Z', '200102000000Z']
  const certificate = forge({ spki: keys.publicKey, validity, signature: (bytes) => keys.sign(bytes) })
  return { cert: toPem(certificate), key: pemOf(keys.privateKey) }
}

export function chainOfTwo(): Shown {
  const { cert, key } = honest()
  return { cert: cert + honest().cert, key }
}

/** Verifies under the neutral point, whatever was signed: R is that point, S is zero. */
export const forgedSignature = Buffer.concat([Buffer.of(1), Buffer.alloc(63)])

export function smallOrderClaim(): Claim {
  const spki = spkiOf(Buffer.from(smallOrderPoints[0]!, 'hex'))
  const signature = () => forgedSignature
  return { certificate: forge({ spki, signature }), signature }
}

/** The length of the key takes a byte more than it needs. */
export const longSpelled = (spki: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from('30812a', 'hex'), Buffer.from(spki).subarray(2)])

export function spelledOtherwise(): Claim {
  const keys = testKeys()
  const signature = (bytes: Uint8Array) => keys.sign(bytes)
  return { certificate: forge({ spki: longSpelled(keys.publicKey), signature }), signature }
}
