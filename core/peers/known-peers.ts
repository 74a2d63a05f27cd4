/**
 * The peers that the node has heard of: by identifier where there is one, else by address. Bounded, and hearsay expires.
 * Where there is no room, the lists of others make it first, the longest list before all, then what else was only heard
 * of, then who was trusted once; nobody who is connected does.
 */
import type { Clock } from '../clock.ts'
import { HearsayShelf } from './hearsay-shelf.ts'
import { fresh, snapshot, withAddress, type Address, type Entry } from './known-entry.ts'
import { addressKey, isShare, ownWord, type Candidate, type Peer, type PeerAddress } from './peer.ts'

/** The whole table is looked through so often, at most, in ms. */
const sweepMs = 30_000

/** What outlives the node: who was trusted, and where. */
export interface ProvedPeer {
  readonly identifier: string
  readonly lastSeen: number
  readonly addresses: readonly PeerAddress[]
}

export interface KnownPeersOptions {
  readonly clock: Clock
  readonly capacity: number
  readonly defaultScheme: () => string
  readonly ownIdentifier: () => string
  /** Does this node listen there? */
  isOwnAddress(address: PeerAddress): boolean
  /** Peers that must not be forgotten. */
  isConnected(identifier: string): boolean
  /** What is worth keeping has changed. */
  changed(): void
}

export class KnownPeers implements Iterable<Peer> {
  readonly #options: KnownPeersOptions
  /** Newest last. Keyed by identifier, or by address while it is unknown. */
  readonly #entries = new Map<string, Entry>()
  readonly #hearsay: HearsayShelf
  /** Key of an entry that has this address. */
  readonly #byAddress = new Map<string, string>()
  #swept = 0

  constructor(options: KnownPeersOptions) {
    this.#options = options
    this.#hearsay = new HearsayShelf(options.capacity)
  }

  get size(): number {
    return this.#entries.size
  }

  *[Symbol.iterator](): Iterator<Peer> {
    this.#sweep()
    for (const entry of this.#entries.values()) yield snapshot(entry)
  }

  get(identifier: string): Peer | undefined {
    const entry = this.#entries.get(identifier)
    return entry === undefined || !this.#keep(entry) ? undefined : snapshot(entry)
  }

  has({ identifier, host, port, scheme }: Candidate): boolean {
    if (identifier !== undefined) return this.#entries.has(identifier)
    return this.#byAddress.has(addressKey({ host, port, scheme: scheme ?? this.#options.defaultScheme() }))
  }

  /** Remembers a candidate. Undefined for oneself. */
  add(candidate: Candidate): Peer | undefined {
    const { host, port, identifier, via } = candidate
    const { ownIdentifier, defaultScheme, clock, isOwnAddress } = this.#options
    const scheme = candidate.scheme ?? defaultScheme()
    if (identifier === undefined ? isOwnAddress({ host, port, scheme }) : identifier === ownIdentifier())
      return undefined
    if (clock.now() - this.#swept >= sweepMs) this.#sweep()
    const key = addressKey({ host, port, scheme })
    // Somebody with an identifier may be known at this address already, and is not known twice.
    const holder = this.#byAddress.get(key)
    if (identifier !== undefined && holder === key) this.remove(key)
    const entry = this.#touch(identifier ?? holder ?? key, identifier, via)
    this.#setAddresses(entry, withAddress(entry, { key, host, port, scheme, via, lastSeen: entry.lastSeen }))
    if (entry.provedAt !== undefined && via === ownWord) this.#options.changed()
    this.#makeRoom(entry.via)
    return snapshot(entry)
  }

  /** Somebody is connected, wherever it may listen. */
  met(identifier: string): void {
    this.#touch(identifier, identifier, ownWord)
    this.#makeRoom(ownWord)
  }

  /** A channel to this peer is trusted, or was until now. */
  prove(identifier: string): void {
    const entry = this.#touch(identifier, identifier, ownWord)
    this.#hearsay.take(entry)
    entry.provedAt = entry.lastSeen
    entry.addresses = entry.addresses.map((known) =>
      known.via === ownWord ? { ...known, lastSeen: entry.lastSeen } : known,
    )
    this.#makeRoom(ownWord)
    this.#options.changed()
  }

  /** From an earlier life of the node. */
  restore({ identifier, lastSeen, addresses }: ProvedPeer): void {
    if (this.#entries.has(identifier) || identifier === this.#options.ownIdentifier()) return
    const entry: Entry = { key: identifier, identifier, addresses: [], via: ownWord, lastSeen, provedAt: lastSeen }
    this.#entries.set(identifier, entry)
    for (const address of addresses.toReversed())
      this.#setAddresses(entry, withAddress(entry, { ...address, key: addressKey(address), via: ownWord, lastSeen }))
    this.#makeRoom(ownWord)
  }

  /** Who was trusted, the latest first, with the addresses that it was reached at or says itself. */
  proved(): ProvedPeer[] {
    this.#sweep()
    const proved: ProvedPeer[] = []
    for (const { identifier, provedAt, addresses } of this.#entries.values()) {
      const own = addresses.filter(({ via }) => via === ownWord)
      if (identifier === undefined || provedAt === undefined || own.length === 0) continue
      const places = own.map(({ host, port, scheme }) => ({ host, port, scheme }))
      proved.push({ identifier, lastSeen: provedAt, addresses: places })
    }
    return proved.sort((a, b) => b.lastSeen - a.lastSeen)
  }

  remove(identifier: string): boolean {
    const entry = this.#entries.get(identifier)
    if (entry === undefined) return false
    this.#hearsay.take(entry)
    this.#setAddresses(entry, [])
    if (entry.provedAt !== undefined) this.#options.changed()
    return this.#entries.delete(identifier)
  }

  /** Nobody else is there: this node has met itself. */
  forgetAddress(address: PeerAddress): void {
    const key = addressKey(address)
    const entry = this.#entries.get(this.#byAddress.get(key) ?? '')
    if (entry === undefined) return
    const others = entry.addresses.filter((known) => known.key !== key)
    if (others.length === 0 && entry.provedAt === undefined) this.remove(entry.key)
    else this.#setAddresses(entry, others)
  }

  /** The entry, made if need be; it is the newest now. */
  #touch(key: string, identifier: string | undefined, via: string): Entry {
    const known = this.#entries.get(key)
    const entry: Entry = known ?? { key, identifier, addresses: [], via, lastSeen: 0, provedAt: undefined }
    entry.lastSeen = this.#options.clock.now()
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    if (entry.provedAt !== undefined) return entry
    // Whoever was only on a list and is heard of otherwise is off the list.
    this.#hearsay.take(entry)
    if (isShare(entry.via)) entry.via = via
    this.#hearsay.put(entry)
    return entry
  }

  #setAddresses(entry: Entry, addresses: readonly Address[]): void {
    for (const { key } of entry.addresses) if (this.#byAddress.get(key) === entry.key) this.#byAddress.delete(key)
    entry.addresses = addresses
    for (const { key } of addresses) if (!this.#byAddress.has(key)) this.#byAddress.set(key, entry.key)
  }

  #makeRoom(via: string): void {
    for (let most = this.#hearsay.crowded(via); most !== undefined; most = this.#hearsay.crowded(via))
      if (!this.#forgetOldest(most)) break
    while (this.#entries.size > this.#options.capacity)
      if (!this.#forgetOldest(this.#hearsay.oldest()) && !this.#forgetOldest(this.#entries.values())) return
  }

  #forgetOldest(entries: Iterable<Entry>): boolean {
    for (const { key, identifier } of entries) {
      if (identifier !== undefined && this.#options.isConnected(identifier)) continue
      return this.remove(key)
    }
    return false
  }

  #sweep(): void {
    this.#swept = this.#options.clock.now()
    for (const entry of [...this.#entries.values()]) this.#keep(entry)
  }

  /** Forgets what has expired. False: all of it. */
  #keep(entry: Entry): boolean {
    if (entry.identifier !== undefined && this.#options.isConnected(entry.identifier)) return true
    const left = fresh(entry, this.#options.clock.now())
    if (left.length < entry.addresses.length) this.#setAddresses(entry, left)
    if (left.length > 0) return true
    this.remove(entry.key)
    return false
  }
}
