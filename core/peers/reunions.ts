/** Who was trusted and got lost, so that it can be told when they are back. */
import type { Clock } from '../clock.ts'
import type { PeerChannel } from './channel.ts'

/** Lost peers that are remembered. */
const remembered = 1024

export class Reunions {
  readonly #clock: Clock
  readonly #reconnected: (channel: PeerChannel, awayMs: number) => void
  /** By identifier: since when, in ms since 1970. */
  readonly #lost = new Map<string, number>()

  constructor(clock: Clock, reconnected: (channel: PeerChannel, awayMs: number) => void) {
    this.#clock = clock
    this.#reconnected = reconnected
  }

  /** This channel is gone, with this code; `heir`: another one to the same peer. */
  gone(channel: PeerChannel, code: string, heir: PeerChannel | undefined): void {
    const { identifier } = channel.peer
    if (identifier === undefined || !channel.lost) return
    if (code === 'E_DUPLICATE' && heir !== undefined) return // nobody was away
    this.#lost.delete(identifier)
    this.#lost.set(identifier, this.#clock.now())
    const [oldest] = this.#lost.keys()
    if (this.#lost.size > remembered && oldest !== undefined) this.#lost.delete(oldest)
    if (heir?.trusted === true) this.trusted(heir)
  }

  trusted(channel: PeerChannel): void {
    const { identifier = '' } = channel.peer
    const since = this.#lost.get(identifier)
    if (since === undefined) return
    this.#lost.delete(identifier)
    this.#reconnected(channel, this.#clock.now() - since)
  }
}
