/**
 * Closes channels on which nothing was heard for too long, and keeps ours from seeming so: one timer for all of them.
 */
import type { Clock, Timer } from '../clock.ts'
import type { Refusal } from '../trust/refusal.ts'
import type { PeerChannel } from './channel.ts'

/** Looks this often within `idleMs`, so that a word that was lost on the way is said again in time. */
const looks = 4

export interface IdleWatchOptions {
  readonly clock: Clock
  readonly idleMs: number
  readonly channels: Iterable<PeerChannel>
  refuse(refusal: Refusal, channel: PeerChannel, hook: string): void
}

export class IdleWatch {
  readonly #options: IdleWatchOptions
  #timer: Timer | undefined

  constructor(options: IdleWatchOptions) {
    this.#options = options
  }

  start(): void {
    const { clock, idleMs } = this.#options
    this.#timer = clock.setInterval(() => {
      this.#look()
    }, idleMs / looks)
  }

  stop(): void {
    this.#options.clock.clear(this.#timer)
  }

  #look(): void {
    const { clock, idleMs, channels, refuse } = this.#options
    for (const channel of [...channels]) {
      // A wire that cannot say "still here" leaves a trusted peer that is silent to the keep-alive of its transport.
      const speaks = channel.keepAlive()
      if (channel.silentMs(clock.now()) <= idleMs || (!speaks && channel.trusted)) continue
      const idle = { code: 'E_IDLE', reason: `nothing was heard for ${String(idleMs)} ms` }
      refuse(idle, channel, 'limits.idleMs')
      void channel.close(idle)
    }
  }
}
