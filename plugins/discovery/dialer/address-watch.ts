/**
 * The addresses of this machine, looked at now and then. A channel that is bound to one that is gone is dead, and TCP takes
 * minutes to say so; and with a new one there are new ways to everybody. This is the dialer's and not the kernel's work,
 * because only who dials again has a use for it.
 */
import { plainAddress, type NetworkInterface, type PeerChannel } from '../../../core/index.ts'

/** A cable may be out for a moment: so often an address must be missed before its channels are given up. */
const missesAllowed = 4

export interface AddressWatchEvents {
  /** This channel has no address on this side any more. */
  lost(channel: PeerChannel): void
  /** The machine has an address that it had not. */
  moved(): void
}

export class AddressWatch {
  readonly #events: AddressWatchEvents
  #present: ReadonlySet<string>
  /** Gone addresses, and how often they were missed. */
  #missing = new Map<string, number>()

  constructor(interfaces: readonly NetworkInterface[], events: AddressWatchEvents) {
    this.#events = events
    this.#present = addressesOf(interfaces)
  }

  look(interfaces: readonly NetworkInterface[], channels: Iterable<PeerChannel>): void {
    const now = addressesOf(interfaces)
    const isNew = [...now].some((address) => !this.#present.has(address))
    // Only what the system has listed once can be gone: it may well take connections at addresses that it does not list.
    const gone = [...new Set([...this.#present, ...this.#missing.keys()])].filter((address) => !now.has(address))
    this.#missing = new Map(gone.map((address) => [address, (this.#missing.get(address) ?? 0) + 1]))
    this.#present = now
    for (const channel of [...channels]) {
      const misses = this.#missing.get(channel.localAddress ?? '') ?? 0
      if (!channel.closed && misses > 0 && (isNew || misses >= missesAllowed)) this.#events.lost(channel)
    }
    // What was missed for long has no channels any more.
    for (const [address, misses] of this.#missing) if (misses > missesAllowed) this.#missing.delete(address)
    if (isNew) this.#events.moved()
  }
}

function addressesOf(interfaces: readonly NetworkInterface[]): Set<string> {
  return new Set(interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => plainAddress(address))))
}
