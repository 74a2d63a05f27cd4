/**
 * How far an address reaches: to nobody, to this machine, to one link or site, or to everybody. From the registries of
 * special addresses (RFC 6890, RFC 4291, RFC 4193, RFC 6598).
 */
import { BlockList, isIP } from 'node:net'
import { plainAddress } from './address-group.ts'

export type Scope = 'nobody' | 'machine' | 'site' | 'everybody'

const nobody = ranges(
  ['0.0.0.0', 8],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 128],
  ['ff00::', 8],
  ['100::', 64],
  ['2001:db8::', 32],
)
const machine = ranges(['127.0.0.0', 8], ['::1', 128])
const site = ranges(
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
)

/** Undefined for what is no address but a name. */
export function scopeOf(address: string): Scope | undefined {
  const plain = plainAddress(address)
  const family = isIP(plain)
  if (family === 0) return undefined
  const type = family === 6 ? 'ipv6' : 'ipv4'
  if (nobody.check(plain, type)) return 'nobody'
  if (machine.check(plain, type)) return 'machine'
  return site.check(plain, type) ? 'site' : 'everybody'
}

/**
 * Can somebody at the address `from` know what it says of `address`? Of a machine only who is on it, of a site only who
 * is in one. A name is nobody's to tell: it may lead anywhere.
 */
export function canKnow(from: string, address: string): boolean {
  const nearness = ['machine', 'site', 'everybody']
  const about = nearness.indexOf(scopeOf(address) ?? 'nobody')
  const teller = nearness.indexOf(scopeOf(from) ?? 'everybody')
  return about >= 0 && teller <= about
}

function ranges(...nets: readonly (readonly [net: string, bits: number])[]): BlockList {
  const list = new BlockList()
  for (const [net, bits] of nets) list.addSubnet(net, bits, isIP(net) === 6 ? 'ipv6' : 'ipv4')
  return list
}
