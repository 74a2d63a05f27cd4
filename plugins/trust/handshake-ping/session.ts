/**
 * One side of the ping handshake, as a state machine without I/O: pings go out at a measured pace, those of the other
 * side are counted at the same pace, and enough of them end it.
 *
 *     PINGING --(enough pings heard, apart from each other)--> PINGED
 *     PINGING --(time is up | too many pings)--> FAILED
 *
 * A side that has heard enough may still be waited for by the other: a ping that comes after all of ours were sent says
 * so, and is answered with one more, up to twice the number.
 */
export interface PingRules {
  /** Pings to be heard. */
  readonly pings: number
  /** ms that two pings must lie apart to count both. */
  readonly intervalMs: number
}

/** Pings of one peer after which it is not worth talking to. */
const tooMany = 20

export type PingVerdict = 'pinging' | 'pinged' | 'failed'

export class PingSession {
  readonly #rules: PingRules
  #heard = 0
  #counted = 0
  #lastCounted = -Infinity
  #sent = 0
  verdict: PingVerdict = 'pinging'

  constructor(rules: PingRules) {
    this.#rules = rules
  }

  /** The next of our own pings is due: may it go out? */
  get sendsMore(): boolean {
    const { pings } = this.#rules
    const most = this.verdict === 'pinging' ? pings * 2 : pings
    return this.verdict !== 'failed' && this.#sent < most
  }

  /** The other side was told enough to believe us too, so that what is sent from now on does not come too early. */
  get isHeard(): boolean {
    return this.#sent >= this.#rules.pings
  }

  sent(): void {
    this.#sent++
  }

  /** A ping arrived. True: answer it with one of ours out of turn. */
  hear(now: number): boolean {
    const { pings, intervalMs } = this.#rules
    if (++this.#heard > tooMany) {
      this.verdict = 'failed'
      return false
    }
    if (now - this.#lastCounted >= intervalMs) {
      this.#counted++
      this.#lastCounted = now
    }
    if (this.verdict === 'pinging' && this.#counted >= pings) this.verdict = 'pinged'
    return this.verdict === 'pinged' && this.#sent >= pings && this.#sent < pings * 2 && this.#heard > pings
  }
}
