/**
 * Somebody who will be refused hears why only after a costly handshake. A few get that far: to tell a peer is a courtesy,
 * and no reason to work for a flood.
 */
import type { Clock } from '../clock.ts'
import { TokenBucket } from './token-bucket.ts'

const atOnce = 4
const perSecond = 10

export class Courtesy {
  readonly #clock: Clock
  readonly #rate: TokenBucket
  #underWay = 0
  #exhaustedUntil = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#rate = new TokenBucket(perSecond, perSecond, clock.now())
  }

  /** How to end it, or undefined: not this one. */
  begin(): (() => void) | undefined {
    const now = this.#clock.now()
    if (this.#underWay >= atOnce || now < this.#exhaustedUntil) return undefined
    this.#exhaustedUntil = now + this.#rate.take(now)
    this.#underWay++
    let ended = false
    return () => {
      if (!ended) this.#underWay--
      ended = true
    }
  }
}
