/**
 * Identifiers of the keys that were read last: a transport reads the key of a peer, and a moment later its handshake reads
 * the same. What a key is never changes, so that a good one need not be looked at twice; a bad one is not remembered.
 */
import { keyIdOf } from './public-keys.ts'

/** Keys remembered; the one read first makes room. */
const capacity = 256

/** keyIdOf with a memory. @throws P2PNetError E_KEY_INVALID */
export function createKeyIds(): (spki: Uint8Array) => string {
  const known = new Map<string, string>()
  return (spki) => {
    if (!(spki instanceof Uint8Array)) return keyIdOf(spki)
    const spelled = Buffer.from(spki.buffer, spki.byteOffset, spki.byteLength).toString('latin1')
    const remembered = known.get(spelled)
    if (remembered !== undefined) return remembered
    const identifier = keyIdOf(spki)
    known.set(spelled, identifier)
    const [oldest] = known.keys()
    if (known.size > capacity && oldest !== undefined) known.delete(oldest)
    return identifier
  }
}
