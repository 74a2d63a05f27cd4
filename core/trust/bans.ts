/**
 * Misbehaviour by address: offences add up, fade with time, and too many of them keep who connects out until the ban
 * ends. Only an address is ever banned: an identifier is a claim until it is proved, and somebody else could be made to
 * suffer for it. Channels that are open stay, and the node's own dials go out: several peers share an address, and somebody
 * could misbehave from there to cut the node off from the others. To dial nobody there is the operator's to say, by block.
 */
import type { Clock } from '../clock.ts'
import { addressGroup } from '../peers/address-group.ts'

/** Points of what only a broken or hostile peer does, by the code of the refusal. */
const points: ReadonlyMap<string, number> = new Map([
  ['E_FRAME_INVALID', 2],
  ['E_FRAME_TOO_LARGE', 2],
  ['E_HANDSHAKE', 2],
  ['E_HANDSHAKE_TIMEOUT', 2],
  ['E_ORIGIN', 1],
  ['E_PACKET_INVALID', 1],
])

/** Addresses that are remembered; the one whose last offence lies longest back makes room. */
export const offenders = 4096

interface Offender {
  score: number
  at: number
  until: number
}

export interface BansOptions {
  readonly clock: Clock
  /** Score at which an address is banned. */
  readonly banScore: number
  /** How long a ban lasts, and how long the highest score takes to fade, in ms. */
  readonly banMs: number
  /** An address has just been banned. */
  banned(address: string): void
}

export class Bans {
  readonly #options: BansOptions
  readonly #offenders = new Map<string, Offender>()

  constructor(options: BansOptions) {
    this.#options = options
  }

  /** Somebody at this address was refused for this. */
  offence(address: string, code: string): void {
    const more = points.get(code)
    if (more === undefined) return
    const { clock, banScore, banMs, banned } = this.#options
    const group = addressGroup(address)
    const now = clock.now()
    const { score, at, until } = this.#offenders.get(group) ?? { score: 0, at: now, until: 0 }
    const faded = Math.ceil(Math.max(0, score - ((now - at) / banMs) * banScore)) || 0
    const isNew = faded + more >= banScore && until <= now
    this.#offenders.delete(group)
    this.#offenders.set(group, { score: faded + more, at: now, until: isNew ? now + banMs : until })
    const [oldest] = this.#offenders.keys()
    if (this.#offenders.size > offenders && oldest !== undefined) this.#offenders.delete(oldest)
    if (isNew) banned(address)
  }

  isBanned(address: string): boolean {
    if (this.#offenders.size === 0) return false
    const group = addressGroup(address)
    const offender = this.#offenders.get(group)
    if (offender === undefined || offender.until === 0) return false
    if (offender.until > this.#options.clock.now()) return true
    this.#offenders.delete(group)
    return false
  }

  /** Forgets what was held against an address. */
  lift(address: string): void {
    this.#offenders.delete(addressGroup(address))
  }
}
