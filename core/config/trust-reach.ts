/**
 * How far the composed handshakes can lead, and whether the policy trusts anybody who gets there. A node that never
 * trusts looks like one that works: it connects, and nothing passes.
 */
import type { TapRecord } from '../host/taps.ts'
import { TrustLevel, type TrustLevelName } from '../trust/levels.ts'
import type { ComposedPlugin } from './composition.ts'

/** A node that was set up on paper. */
export interface Paper {
  /** In the order in which they run. */
  readonly taps: readonly TapRecord[]
  /** Ids of the plugins that registered a transport. */
  readonly transports: readonly string[]
  /** The policy's own answer. */
  trusted(level: TrustLevel): boolean
}

export interface TrustReach {
  /** What the handshake proves at most; absent where a plugin does not say. */
  readonly reached?: TrustLevelName
  /** Absent: the policy trusts no level. */
  readonly trustedFrom?: TrustLevelName
  /** What is wrong with that. */
  readonly warning?: string
}

const levels = Object.keys(TrustLevel) as TrustLevelName[]

export function trustReach(plugins: readonly ComposedPlugin[], { taps, transports, trusted }: Paper): TrustReach {
  const answering = [...new Set(taps.filter(({ hook }) => hook === 'trust.handshake').map(({ plugin }) => plugin))]
  const reached = answering.length === 0 ? 'unknown' : lower(highest(answering, plugins), highest(transports, plugins))
  const trustedFrom = levels.find((level) => trusted(TrustLevel[level]))
  const warning = reached === undefined ? undefined : objection(reached, answering, trusted)
  return {
    ...(reached !== undefined && { reached }),
    ...(trustedFrom !== undefined && { trustedFrom }),
    ...(warning !== undefined && { warning }),
  }
}

/** Undefined: one of them does not say. */
function highest(ids: readonly string[], plugins: readonly ComposedPlugin[]): TrustLevelName | undefined {
  const ceilings = ids.map((id) => plugins.find((plugin) => plugin.id === id)?.plugin.ceiling)
  return ceilings.includes(undefined) ? undefined : levels.findLast((level) => ceilings.includes(level))
}

/** A handshake that does not say may be worth anything; a transport that does not say sets no bound. */
function lower(
  handshake: TrustLevelName | undefined,
  transport: TrustLevelName | undefined,
): TrustLevelName | undefined {
  if (handshake === undefined || transport === undefined) return handshake
  return TrustLevel[handshake] < TrustLevel[transport] ? handshake : transport
}

function objection(
  reached: TrustLevelName,
  answering: readonly string[],
  trusted: Paper['trusted'],
): string | undefined {
  if (levels.some((level) => TrustLevel[level] <= TrustLevel[reached] && trusted(TrustLevel[level]))) return undefined
  const who =
    answering.length === 0 ? 'no plugin answers trust.handshake' : `${answering.join(', ')} leads to ${reached} at most`
  // Whoever is proved and listed is authorized.
  const listed = TrustLevel[reached] >= TrustLevel.identified && trusted(TrustLevel.authorized)
  if (!listed) return `nobody ever becomes trusted: ${who}, and the trust policy does not trust that`
  if (!trusted(TrustLevel.authenticated)) return undefined // the policy asks for a list
  return `only peers that you authorize become trusted: ${who}, and the trust policy does not trust that`
}
