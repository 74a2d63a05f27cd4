/**
 * What the two sides sign: everything that was agreed, so that no signature is good for any other pair, any other time, or
 * any other connection.
 */
import { createHash } from 'node:crypto'

export interface Transcript {
  /** Name of the network. */
  readonly network: string
  /** Keying material exported from the connection, 32 bytes; empty where the transport has none. */
  readonly binding: Uint8Array
  /** Of the side that dialled: its SPKI and its nonce. */
  readonly diallerKey: Uint8Array
  readonly diallerNonce: Uint8Array
  /** Of the side that answers. */
  readonly answererKey: Uint8Array
  readonly answererNonce: Uint8Array
}

export type Role = 'dialler' | 'answerer'

const version = 'p2pnet-auth/1'

/** So that what one side has signed can never be played back as the other's. */
const labels: Readonly<Record<Role, string>> = { dialler: 'I', answerer: 'R' }

/**
 * What the side of this role signs: its label, one byte, and the SHA-256 of the transcript. That is the text
 * `p2pnet-auth/1`, the network's name in UTF-8, the channel binding, I's SPKI, I's nonce, R's SPKI and R's nonce, each
 * behind its length in four bytes, big-endian, so that no two transcripts are the same bytes.
 */
export function signedBytes(role: Role, transcript: Transcript): Uint8Array {
  const { network, binding, diallerKey, diallerNonce, answererKey, answererNonce } = transcript
  const hash = createHash('sha256')
  for (const part of [
    Buffer.from(version),
    Buffer.from(network),
    binding,
    diallerKey,
    diallerNonce,
    answererKey,
    answererNonce,
  ]) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.byteLength)
    hash.update(length).update(part)
  }
  return Buffer.concat([Buffer.from(labels[role]), hash.digest()])
}
