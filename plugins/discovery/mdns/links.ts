/** The IPv4 networks on which a node shows itself: loopback alone, or those that the machine is attached to. */
import { isIPv4 } from 'node:net'
import type { NetworkInterface } from '../../../core/index.ts'

export interface Link {
  /** Of the interface. */
  readonly name: string
  readonly address: string
  readonly netmask: string
}

/** `loopback`, `all`, or names of interfaces. */
export type Wanted = 'loopback' | 'all' | readonly string[]

export function linksOf(interfaces: readonly NetworkInterface[], wanted: Wanted): Link[] {
  return interfaces
    .flatMap(({ name, addresses }) =>
      addresses
        .filter(({ family }) => family === 'IPv4')
        .map(({ address, netmask }): Link => ({ name, address, netmask })),
    )
    .filter(({ name, address }) => {
      if (wanted === 'all') return true
      return wanted === 'loopback' ? isLoopback(address) : wanted.includes(name)
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

/** Where somebody on the link reaches what listens on `host`; undefined if nowhere. */
export function addressOn(link: Link, host: string): string | undefined {
  if (host === '0.0.0.0' || host === '::' || (host === 'localhost' && isLoopback(link.address))) return link.address
  return isOnLink(host, link) ? host : undefined
}

const toNumber = (address: string): number =>
  address.split('.').reduce((number, octet) => (number << 8) | Number(octet), 0)
