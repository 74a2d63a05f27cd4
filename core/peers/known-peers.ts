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
  /** Peers that must not be forgotten. */
  isConnected(identifier: string): boolean
}

export class KnownPeers implements Iterable<Peer> {
  readonly #options: KnownPeersOptions
  /** Newest last. Keyed by identifier, or by address while it is unknown. */
  readonly #entries = new Map<string, Entry>()
  /** Keys of the entries by the address that they have first. */
  readonly #byAddress = new Map<string, string>()

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
    // Somebody with an identifier may be known at this address already.
    const key = identifier ?? this.#byAddress.get(byAddress) ?? byAddress
    const entry = this.#entries.get(key) ?? { identifier, addresses: [], via, lastSeen: 0 }
    if (identifier !== undefined) this.remove(byAddress)
    this.remove(key)
    const others = entry.addresses.filter((known) => addressKey(known) !== byAddress)
    entry.addresses = [address, ...others].slice(0, addressesPerPeer)
    entry.lastSeen = this.#options.clock.now()
    this.#entries.set(key, entry)
    this.#byAddress.set(byAddress, key)
    if (this.#entries.size > this.#options.capacity) this.#forgetOldest()
    return snapshot(entry)
  }

  remove(identifier: string): boolean {
    const entry = this.#entries.get(identifier)
    const [first] = entry?.addresses ?? []
    if (first !== undefined && this.#byAddress.get(addressKey(first)) === identifier)
      this.#byAddress.delete(addressKey(first))
    return this.#entries.delete(identifier)
  }

  #forgetOldest(): void {
    for (const [key, { identifier }] of this.#entries) {
      if (identifier !== undefined && this.#options.isConnected(identifier)) continue
      this.remove(key)
      return
    }
  }
}

function snapshot({ identifier, addresses, via, lastSeen }: Entry): Peer {
  return { ...(identifier !== undefined && { identifier }), addresses: [...addresses], via, lastSeen }
}
