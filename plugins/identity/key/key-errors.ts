/**
 * What can go wrong with keys, one's own and those of others.
 */
import { P2PNetError } from '../../../core/index.ts'

/** Codes and remedies that identity-key adds. */
export const keyErrors = {
  E_KEY_MODE:
    'Take the rights of group and others away (`chmod 600`); if somebody may have read the key, make a new one.',
  E_KEY_INVALID: 'A key is Ed25519, in its one canonical spelling; put the right file back, or make a new key.',
  E_KEY_EXISTS: 'Move the key that is there elsewhere first: who loses it loses the identifier.',
  E_KEY_NOT_FOUND: 'Make a key with `p2pnet keys new`, or start the node once.',
  E_KEY_FILE: 'The key file must be one that this user can read, in a directory that this user can write.',
} as const satisfies Record<string, string>

export function keyError(code: keyof typeof keyErrors, message: string, cause?: unknown): P2PNetError {
  return new P2PNetError(code, message, { remedy: keyErrors[code], cause })
}
