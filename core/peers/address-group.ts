/**
 * Addresses that count as one, in the notation that lists and limits compare.
 */
import { isIP, SocketAddress } from 'node:net'

/** An address in its one notation: IPv4 also when it came in over an IPv6 socket, IPv6 shortened and without a zone. */
export function plainAddress(address: string): string {
  const family = isIP(address)
  if (family !== 6) return address
  const { address: short } = new SocketAddress({ address: address.split('%')[0] ?? address, family: 'ipv6' })
  return short.startsWith('::ffff:') && short.includes('.') ? short.slice('::ffff:'.length) : short
}

/**
 * An IPv4 address, or an IPv6 /56, which is what one household gets. A link-local address is one of its own: the whole link
 * would be one household else.
 */
export function addressGroup(address: string): string {
  const plain = plainAddress(address)
  if (isIP(plain) !== 6) return plain
  const [head = '', tail] = plain.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  const words = [...left, ...zeros, ...right].slice(0, 4).map((group) => parseInt(group, 16) || 0)
  if (((words[0] ?? 0) & 0xffc0) === 0xfe80) return plain
  words[3] = (words[3] ?? 0) & 0xff00
  return `${words.map((word) => word.toString(16)).join(':')}/56`
}
