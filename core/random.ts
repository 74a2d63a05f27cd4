/**
 * Randomness, injected: the machine's by default, seeded in tests.
 */
import { randomBytes } from 'node:crypto'

export interface Random {
  /** `length` fresh random bytes. The default is cryptographically strong; an injected one need not be. */
  bytes(length: number): Uint8Array
  /** A number in [0, 1), for jitter and sampling, never for secrets. */
  next(): number
}

/** The machine's own randomness. */
export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  next: () => Math.random(),
}
