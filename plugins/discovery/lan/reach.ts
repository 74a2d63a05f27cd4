/**
 * Which address reaches a node. Mostly the one that its announcement comes from. Where it is another, because the node
 * listens on IPv4 only and is heard by IPv6, say, the announcement names it; and then it counts only on the very link
 * that the announcement came by, so that nobody can point the dials of a LAN at somebody elsewhere.
 */
import { BlockList, isIP, isIPv4 } from 'node:net'
import type { InterfaceAddress } from '../../../core/index.ts'
import { isOnLink, type Link } from '../shared/links.ts'

/** What somebody on the link dials to reach what listens on `host` and sends from `source`. Undefined: nothing does. */
export function reachedAt(host: string, source: string, link: Link): string | undefined {
  if (host === '::' || host === source || host === bare(source)) return source
  if (host === 'localhost') return link.loopback ? source : undefined
  if (host === '0.0.0.0') return isIPv4(source) ? source : addressOf(link, ({ family }) => family === 'IPv4')
  // An IPv4 link takes no other IPv4 address: it is sent from the address that is listened on, where that is its own.
  return addressOf(link, ({ address, family }) => address === host && !(family === 'IPv4' && isIPv4(source)))
}

/** Where to dial whoever sent from `source` and claims to be at `claim`. */
export function hostToDial(claim: string | undefined, source: string, links: readonly Link[]): string {
  if (claim === undefined || claim.includes('%') || isIP(claim) === 0) return source
  if (isIPv4(claim) && isIPv4(source)) return source
  const link = links.find((one) => isOnLink(source, one))
  return link?.addresses.some((own) => isBeside(claim, own)) === true ? claim : source
}

const bare = (address: string): string => address.split('%')[0] ?? address

/** Link-local ones are no use without a zone, and that is known to the receiver only. */
function addressOf({ addresses }: Link, fits: (own: InterfaceAddress) => boolean): string | undefined {
  return addresses.find((own) => own.scope === undefined && fits(own))?.address
}

function isBeside(claim: string, { address, netmask, family, scope }: InterfaceAddress): boolean {
  if (scope !== undefined || isIPv4(claim) !== (family === 'IPv4')) return false
  const kind = family === 'IPv4' ? 'ipv4' : 'ipv6'
  const subnet = new BlockList()
  subnet.addSubnet(address, prefixOf(netmask), kind)
  return subnet.check(claim, kind)
}

/** Leading ones of a mask of either family. */
function prefixOf(netmask: string): number {
  const [words, base] = isIPv4(netmask) ? [netmask.split('.'), 10] : [netmask.split(':'), 16]
  return words.reduce(
    (bits, word) =>
      bits +
      (parseInt(word || '0', base)
        .toString(2)
        .match(/1/g)?.length ?? 0),
    0,
  )
}
