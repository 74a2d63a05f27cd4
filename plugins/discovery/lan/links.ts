/**
 * Where a node announces itself and listens: the IPv4 networks it is attached to, loopback among them, so that several
 * nodes on one machine find each other without any network.
 */
import { isIPv4 } from 'node:net'
import type { NetworkInterface } from '../../../core/index.ts'

/** An IPv4 network that this machine is attached to. */
export interface Link {
  /** Of the interface. */
  readonly name: string
  readonly address: string
  readonly netmask: string
  /** Where a directed broadcast goes. */
  readonly broadcast: string
  readonly loopback: boolean
}

/** `loopback`, `all`, or names of interfaces. */
export type Wanted = 'loopback' | 'all' | readonly string[]

export function chooseLinks(interfaces: readonly NetworkInterface[], wanted: Wanted): Link[] {
  return interfaces
    .flatMap(({ name, addresses }) =>
      addresses.map(({ address, netmask, broadcast }) => ({
        name,
        address,
        netmask,
        broadcast,
        loopback: isLoopback(address),
      })),
    )
    .filter((link): link is Link => link.broadcast !== undefined && hasBroadcast(link.netmask))
    .filter(({ name, loopback }) => {
      if (wanted === 'all') return true
      return wanted === 'loopback' ? loopback : wanted.includes(name)
    })
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

export function isOnLink(address: string, { address: own, netmask }: Link): boolean {
  if (!isIPv4(address)) return false
  const mask = toNumber(netmask)
  return (toNumber(address) & mask) === (toNumber(own) & mask)
}

/**
 * The address to send from: the one that the node listens on, if it is on this link, since whoever hears an
 * announcement dials the address it came from.
 */
export function sourceOn(link: Link, host: string): string {
  return isOnLink(host, link) ? host : link.address
}

/** Would somebody on the link who dials `source` reach what listens on `host`? */
export function isReachable(host: string, source: string, link: Link): boolean {
  return host === '0.0.0.0' || host === '::' || host === source || (host === 'localhost' && link.loopback)
}

/** Networks of one or two addresses have no room for a broadcast address. */
const hasBroadcast = (netmask: string): boolean => (toNumber(netmask) & 3) === 0

const toNumber = (address: string): number =>
  address.split('.').reduce((number, octet) => (number << 8) | Number(octet), 0)
