/**
 * A no with a code and a reason. No hook has an answer that means "allow": allowing is the absence of a refusal, so no
 * plugin can overrule another's no.
 */
export interface Refusal {
  /** A code, e.g. `E_BLOCKED`. The other side is told it. */
  readonly code: string
  /** In words, for the operator and for the other side. */
  readonly reason: string
}

/** All that a peer is told of why a handshake failed: whoever tries to pass for somebody else learns nothing from it. */
export const handshakeFailed: Refusal = { code: 'E_HANDSHAKE', reason: 'the handshake failed' }

export function isRefusal(value: unknown): value is Refusal {
  if (typeof value !== 'object' || value === null) return false
  const { code, reason } = value as Record<string, unknown>
  return typeof code === 'string' && typeof reason === 'string'
}
