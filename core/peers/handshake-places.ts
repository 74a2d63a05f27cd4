/**
 * The places of those who came in and have not finished their handshake, oldest first. When none is left, a newcomer
 * gets one of the address group that holds the most, if that group holds more than the newcomer's then will: silence
 * from a few addresses keeps nobody out, and whoever is the only one of its address is never put out by others.
 */
import { addressGroup } from './address-group.ts'

export interface HandshakePlace {
  readonly address: string
  /** Cuts whoever holds it; absent where nobody can be cut. */
  readonly giveUp: (() => void) | undefined
}

export class HandshakePlaces {
  /** Each with its address group, oldest first. */
  readonly #taken = new Map<HandshakePlace, string>()

  get size(): number {
    return this.#taken.size
  }

  /** Returns how to give it back; more than once does no harm. */
  take(address: string, giveUp?: () => void): () => void {
    const place = { address, giveUp }
    this.#taken.set(place, addressGroup(address))
    return () => void this.#taken.delete(place)
  }

  /** Whose place a newcomer at this address may have; undefined: nobody's. */
  for(address: string): HandshakePlace | undefined {
    const held = new Map<string, number>()
    for (const group of this.#taken.values()) held.set(group, (held.get(group) ?? 0) + 1)
    const own = (held.get(addressGroup(address)) ?? 0) + 1
    let most = own
    let found: HandshakePlace | undefined
    for (const [place, group] of this.#taken) {
      const count = held.get(group) ?? 0
      if (count <= most || place.giveUp === undefined) continue
      most = count
      found = place
    }
    return found
  }
}
