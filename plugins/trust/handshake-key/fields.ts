/**
 * The fields of a message, read so that each has one spelling: no field that does not belong, no base64url with spare bits
 * or padding, no length but the right one.
 */
import { P2PNetError } from '../../../core/index.ts'

export const keyBytes = 44
export const nonceBytes = 32
export const signatureBytes = 64

export function failure(reason: string): P2PNetError {
  return new P2PNetError('E_HANDSHAKE', reason)
}

/** The message, which has these fields besides its type, and no others. @throws P2PNetError E_HANDSHAKE */
export function exactly(message: object, names: readonly string[]): Readonly<Record<string, unknown>> {
  const found = Object.keys(message)
  const wanted = ['type', ...names]
  if (found.length !== wanted.length || !wanted.every((name) => Object.hasOwn(message, name)))
    throw failure('a message has other fields than its type')
  return message as Readonly<Record<string, unknown>>
}

/** @throws P2PNetError E_HANDSHAKE */
export function bytesFrom(text: unknown, bytes: number, what: string): Uint8Array {
  const decoded = typeof text === 'string' ? Buffer.from(text, 'base64url') : undefined
  if (decoded?.byteLength !== bytes) throw failure(`the ${what} is not ${String(bytes)} bytes in base64url`)
  // Node skips what is no base64url, takes padding and the other alphabet, and drops bits that are left over.
  if (decoded.toString('base64url') !== text) throw failure(`the ${what} is not in the one spelling of base64url`)
  return decoded
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
