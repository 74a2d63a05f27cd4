/** What is known of one peer: its addresses in the order in which they are worth a try, and how long each stays so. */
import { isShare, ownWord, type KnownAddress, type Peer, type PeerAddress } from './peer.ts'

/** Addresses remembered of one peer, and how many of them may be its own word. */
const addressesPerPeer = 8
const ownAddresses = 4
/** How long it is remembered, in ms, if it is not heard again. */
const minute = 60_000
const day = 24 * 60 * minute
const forget = { share: 60 * minute, told: 10 * minute, manual: 30 * day, proved: 30 * day }

export interface Address extends PeerAddress {
  readonly key: string
  readonly via: string
  readonly lastSeen: number
}

export interface Entry {
  /** The identifier, or the address while that is unknown. */
  readonly key: string
  readonly identifier: string | undefined
  addresses: readonly Address[]
  /** Who told of it. */
  via: string
  lastSeen: number
  /** A trusted channel was there, at last then. */
  provedAt: number | undefined
}

/** What it says itself comes before what others say, their lists are last, and of each kind the newest is first. */
export function withAddress({ addresses }: Entry, address: Address): Address[] {
  const known = addresses.find(({ key }) => key === address.key)
  const placed = known === undefined || rank(known) <= rank(address) ? address : confirmed(known, address)
  const all = [placed, ...addresses.filter(({ key }) => key !== address.key)]
  const [own, told, shared] = [2, 1, 0].map((wanted) => all.filter((one) => rank(one) === wanted))
  return [...(own ?? []).slice(0, ownAddresses), ...(told ?? []), ...(shared ?? [])].slice(0, addressesPerPeer)
}

/** Only a list says nothing about whether somebody is still there. */
function confirmed(known: Address, { via, lastSeen }: Address): Address {
  return isShare(via) ? known : { ...known, lastSeen }
}

function rank({ via }: Address): 0 | 1 | 2 {
  if (via === ownWord) return 2
  return isShare(via) ? 0 : 1
}

/** The addresses that have not expired. */
export function fresh({ addresses, provedAt }: Entry, now: number): readonly Address[] {
  const isFresh = ({ via, lastSeen }: Address) => now - lastSeen < lifeOf(via, provedAt !== undefined)
  return addresses.every(isFresh) ? addresses : addresses.filter(isFresh)
}

function lifeOf(via: string, isProved: boolean): number {
  if (via === ownWord && isProved) return forget.proved
  if (isShare(via)) return forget.share
  return via === 'manual' ? forget.manual : forget.told
}

export function snapshot({ identifier, addresses, via, lastSeen, provedAt }: Entry): Peer {
  const places = addresses.map(({ key: _, ...place }): KnownAddress => {
    const isProved = provedAt !== undefined && place.via === ownWord
    return { ...place, ...(isProved && { proved: true }) }
  })
  return { ...(identifier !== undefined && { identifier }), addresses: places, via, lastSeen }
}
