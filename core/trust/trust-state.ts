/**
 * How far the peer of one channel is believed, and who waits for more.
 */
import type { P2PNetError } from '../errors.ts'
import { Waiters } from '../peers/waiters.ts'
import { TrustLevel } from './levels.ts'

export class TrustState {
  level: TrustLevel = TrustLevel.unknown
  trusted = false
  #failure: P2PNetError | undefined
  readonly #waiters = new Waiters()

  set(level: TrustLevel, trusted: boolean): void {
    this.level = level
    this.trusted = trusted
    if (!trusted) return
    this.#failure = undefined
    this.#waiters.resolve()
  }

  /** It will not be trusted, unless something changes. */
  fail(reason: P2PNetError): void {
    this.trusted = false
    this.#failure = reason
    this.#waiters.reject(reason)
  }

  /** Resolves once trusted. @throws P2PNetError the reason if it will not be, E_ABORTED */
  reached(signal?: AbortSignal): Promise<void> {
    if (this.trusted) return Promise.resolve()
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return this.#waiters.wait(signal)
  }

  /** The channel gave way to another: whoever waits, waits for that one now. */
  follow(other: Promise<void>, reason: P2PNetError): void {
    this.trusted = false
    other.then(
      () => {
        this.#waiters.resolve()
      },
      () => {
        this.fail(reason)
      },
    )
  }
}
