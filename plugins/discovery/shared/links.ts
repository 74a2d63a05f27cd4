/**
 * Where a node announces itself and listens: the networks it is attached to, loopback among them, so that several nodes
 * on one machine find each other without any network. IPv6 has no multicast on loopback, so loopback is an IPv4 matter.
 */
import { isIPv4 } from 'node:net'
import type { InterfaceAddress, NetworkInterface } from '../../../core/index.ts'

interface Attachment {
  /** Of the interface. */
  readonly name: string
  readonly address: string
  readonly loopback: boolean
  /** All that the interface has, of either family. */
  readonly addresses: readonly InterfaceAddress[]
}

/** An IPv4 network that this machine is attached to. */
export interface Link4 extends Attachment {
  readonly family: 'IPv4'
  readonly netmask: string
  /** Where a directed broadcast goes. */
  readonly broadcast: string
}

/** What can be reached with IPv6 link-local addresses on one interface. `address` is such a one, without a zone. */
export interface Link6 extends Attachment {
  readonly family: 'IPv6'
  /** Number of the interface. */
  readonly scope: number
}

export type Link = Link4 | Link6

/** `loopback`, `all`, or names of interfaces. */
export type Wanted = 'loopback' | 'all' | readonly string[]

export function chooseLinks(interfaces: readonly NetworkInterface[], wanted: Wanted): Link[] {
  return interfaces
    .flatMap(({ name, addresses }) => addresses.map((own) => linkOf(name, own, addresses)))
    .filter((link) => link !== undefined)
    .filter(({ name, loopback }) => {
      if (wanted === 'all') return true
      return wanted === 'loopback' ? loopback : wanted.includes(name)
    })
}

function linkOf(name: string, own: InterfaceAddress, addresses: readonly InterfaceAddress[]): Link | undefined {
  const { address, netmask, family, broadcast, internal, scope } = own
  if (family === 'IPv4')
    return broadcast !== undefined && hasBroadcast(netmask)
      ? { family, name, address, netmask, broadcast, loopback: isLoopback(address), addresses }
      : undefined
  if (internal || scope === undefined || !isLinkLocal(address)) return undefined
  return { family, name, address, scope, loopback: false, addresses }
}

/** Two links with the same key can share a socket. */
export function linkKey(link: Link): string {
  return `${link.name} ${link.address} ${link.family === 'IPv4' ? link.netmask : String(link.scope)}`
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

/** By default what the node listens on decides. */
export function wantedLinks(option: Wanted | undefined, host: string): Wanted {
  return option ?? (isLoopback(host) ? 'loopback' : 'all')
}

/** `address`: with its zone, as sockets name the source of a datagram. */
export function isOnLink(address: string, link: Link): boolean {
  if (link.family === 'IPv4')
    return isIPv4(address) && (toNumber(address) & toNumber(link.netmask)) === network(link.address, link.netmask)
  const [host = '', zone] = address.split('%')
  return isLinkLocal(host) && (zone === link.name || zone === String(link.scope))
}

/**
 * The address to send from: the one that the node listens on, if it is on this link, since whoever hears an
 * announcement dials the address it came from.
 */
export function sourceOn(link: Link, host: string, platform: NodeJS.Platform): string {
  if (link.family === 'IPv4') return isOnLink(host, link) ? host : link.address
  return `${link.address}%${zoneOf(link, platform)}`
}

/** How a system names the interface behind a `%`. */
export function zoneOf({ name, scope }: Link6, platform: NodeJS.Platform): string {
  return platform === 'win32' ? String(scope) : name
}

/** fe80::/10 */
const isLinkLocal = (address: string): boolean => /^fe[89ab][0-9a-f]:/i.test(address)

/** Networks of one or two addresses have no room for a broadcast address. */
const hasBroadcast = (netmask: string): boolean => (toNumber(netmask) & 3) === 0

const network = (address: string, netmask: string): number => toNumber(address) & toNumber(netmask)

const toNumber = (address: string): number =>
  address.split('.').reduce((number, octet) => (number << 8) | Number(octet), 0)
