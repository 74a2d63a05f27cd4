/**
 * The certificate that a node shows: X.509 v3 (RFC 5280), self-signed with Ed25519 (RFC 8410), without extensions. Its key
 * is the node's identity, and nothing else in it counts: name and serial follow from the key, and the dates are those of a
 * certificate that never expires, so that a node whose clock is off is as good as any other. One key makes one
 * certificate, byte for byte.
 */
import { createHash } from 'node:crypto'
import type { Keys } from '../../../core/index.ts'
import {
  bitString,
  explicit,
  generalizedTime,
  integer,
  objectIdentifier,
  sequence,
  set,
  utcTime,
  utf8,
  type Der,
} from './der.ts'

/** 1.3.101.112 */
const ed25519 = sequence(objectIdentifier(Uint8Array.of(0x2b, 0x65, 0x70)))
/** 2.5.4.3 */
const commonName = objectIdentifier(Uint8Array.of(0x55, 0x04, 0x03))
const v3 = explicit(0, integer(Uint8Array.of(2)))
/** The end of time: "no well-defined expiration date" (RFC 5280, 4.1.2.5). */
const always = sequence(utcTime('700101000000Z'), generalizedTime('99991231235959Z'))

export function certificateFor(keys: Pick<Keys, 'publicKey' | 'sign' | 'keyId'>): Der {
  const { publicKey } = keys
  const name = sequence(set(sequence(commonName, utf8(keys.keyId(publicKey)))))
  const signed = sequence(v3, integer(serialOf(publicKey)), ed25519, name, always, name, publicKey)
  return sequence(signed, ed25519, bitString(keys.sign(signed)))
}

/** SubjectPublicKeyInfo of the point of a key, in its one spelling. */
export function spkiOf(point: Uint8Array): Der {
  return sequence(ed25519, bitString(point))
}

export function toPem(certificate: Der): string {
  const lines = Buffer.from(certificate)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`
}

/** Sixteen bytes of the key's hash, made positive and of full length. */
function serialOf(publicKey: Uint8Array): Uint8Array {
  const bytes = createHash('sha256').update(publicKey).digest().subarray(0, 16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes
}
