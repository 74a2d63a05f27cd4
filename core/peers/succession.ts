/**
 * Of two channels to one peer one goes, and somebody may hold just that one: it is told which channel stays. That may not
 * have said its name yet; then it is waited for.
 */
import type { Clock, Timer } from '../clock.ts'
import type { P2PNetError } from '../errors.ts'
import type { PeerChannel } from './channel.ts'

/** How long to wait for the channel that stays to say its name. */
const waitMs = 2000

interface Orphan {
  readonly channel: PeerChannel
  readonly identifier: string
  readonly reason: P2PNetError
  readonly timer: Timer
}

export class Succession {
  readonly #clock: Clock
  readonly #open: ReadonlySet<PeerChannel>
  #orphans: Orphan[] = []

  constructor(clock: Clock, open: ReadonlySet<PeerChannel>) {
    this.#clock = clock
    this.#open = open
  }

  /** This channel had to go. `expected`: whom it was dialled to, where it did not get to say its name. */
  orphan(channel: PeerChannel, reason: P2PNetError, expected: string | undefined): void {
    const { identifier = expected } = channel.peer
    if (identifier === undefined) {
      channel.failTrust(reason)
      return
    }
    for (const other of this.#open)
      if (other.peer.identifier === identifier && !other.closed) {
        channel.yieldTo(other, reason)
        return
      }
    const timer = this.#clock.setTimeout(() => {
      this.#orphans = this.#orphans.filter((orphan) => orphan.channel !== channel)
      channel.failTrust(reason)
    }, waitMs)
    this.#orphans.push({ channel, identifier, reason, timer })
  }

  /** This channel is to somebody of this name. */
  named(channel: PeerChannel, identifier: string): void {
    if (this.#orphans.length === 0) return
    const heirless = this.#orphans.filter((orphan) => orphan.identifier === identifier)
    this.#orphans = this.#orphans.filter((orphan) => orphan.identifier !== identifier)
    for (const orphan of heirless) {
      this.#clock.clear(orphan.timer)
      orphan.channel.yieldTo(channel, orphan.reason)
    }
  }
}
