/**
 * The peers that the node has heard of: by identifier where there is one, else by address. Bounded; the one not seen for
 * longest makes room.
 */
import type { Clock } from '../clock.ts'
import { addressKey, type Candidate, type Peer, type PeerAddress } from './peer.ts'

/** Addresses remembered of one peer. */
const addressesPerPeer = 8

interface Entry {
  identifier: string | undefined
  addresses: PeerAddress[]
  via: string
  lastSeen: number
}

export interface KnownPeersOptions {
  readonly clock: Clock
  readonly capacity: number
  readonly defaultScheme: () => string
  readonly ownIdentifier: () => string
}

export class KnownPeers implements Iterable<Peer> {
  readonly #options: KnownPeersOptions
  /** Newest last. Keyed by identifier, or by address while it is unknown. */
  readonly #entries = new Map<string, Entry>()

  constructor(options: KnownPeersOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#entries.size
  }

  *[Symbol.iterator](): Iterator<Peer> {
    for (const entry of this.#entries.values()) yield snapshot(entry)
  }

  get(identifier: string): Peer | undefined {
    const entry = this.#entries.get(identifier)
    return entry === undefined ? undefined : snapshot(entry)
  }

  /** Remembers a candidate. Undefined for oneself. */
  add(candidate: Candidate): Peer | undefined {
    const { host, port, identifier, via } = candidate
    if (identifier !== undefined && identifier === this.#options.ownIdentifier()) return undefined
    const address = { host, port, scheme: candidate.scheme ?? this.#options.defaultScheme() }
    const byAddress = addressKey(address)
    const key = identifier ?? this.#keyOf(byAddress)
    const entry = this.#entries.get(key) ?? { identifier, addresses: [], via, lastSeen: 0 }
    if (identifier !== undefined) this.#entries.delete(byAddress)
    const others = entry.addresses.filter((known) => addressKey(known) !== byAddress)
    entry.addresses = [address, ...others].slice(0, addressesPerPeer)
    entry.lastSeen = this.#options.clock.now()
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    if (this.#entries.size > this.#options.capacity) this.#forgetOldest()
    return snapshot(entry)
  }

  remove(identifier: string): boolean {
    return this.#entries.delete(identifier)
  }

  /** Somebody with an identifier may be known at this address already. */
  #keyOf(byAddress: string): string {
    for (const [key, entry] of this.#entries)
      if (entry.addresses[0] !== undefined && addressKey(entry.addresses[0]) === byAddress) return key
    return byAddress
  }

  #forgetOldest(): void {
    const oldest = this.#entries.keys().next()
    if (oldest.done !== true) this.#entries.delete(oldest.value)
  }
}

function snapshot({ identifier, addresses, via, lastSeen }: Entry): Peer {
  return { ...(identifier !== undefined && { identifier }), addresses: [...addresses], via, lastSeen }
}
