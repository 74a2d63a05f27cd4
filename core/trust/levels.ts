/**
 * How far a peer is believed. Ordered: a later level includes what the earlier ones prove.
 */
export const TrustLevel = {
  /** Nothing is known. */
  unknown: 0,
  /** Answered a ping handshake: reachable, and nothing more. */
  pinged: 1,
  /** Proved a key once; what follows on the channel is not protected. */
  identified: 2,
  /** Proved a key, and the channel is bound to it. */
  authenticated: 3,
  /** Authenticated, and listed by the operator. */
  authorized: 4,
} as const

export type TrustLevel = (typeof TrustLevel)[keyof typeof TrustLevel]
export type TrustLevelName = keyof typeof TrustLevel

const names = Object.keys(TrustLevel) as TrustLevelName[]

export function trustLevelName(level: TrustLevel): TrustLevelName {
  return names[level] ?? 'unknown'
}

export function isTrustLevel(value: unknown): value is TrustLevel {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < names.length
}
