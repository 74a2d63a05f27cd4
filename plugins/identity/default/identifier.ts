/**
 * The seed's algorithm: MD5 of the MAC address and the time, the public address appended, MD5 again.
 *
 * The result is a name, and claims nothing: whoever knows the ingredients can compute it, whoever hears it can use it.
 * MD5 stands here because the seed says so and mixes well enough; nothing rests on its strength.
 */
import { createHash } from 'node:crypto'

export interface Ingredients {
  readonly mac: string
  /** Milliseconds since 1970. */
  readonly time: number
  /**
   * Random bytes, which go with the time. The seed has none: there, two nodes that start on one machine in the same
   * millisecond, or behind one address with cloned MAC addresses, are one.
   */
  readonly salt: Uint8Array
  /** The public address, IPv6 if there is one. */
  readonly address: string
}

/** 32 hex digits. */
export function makeIdentifier({ mac, time, salt, address }: Ingredients): string {
  return md5(md5(mac + String(time) + Buffer.from(salt).toString('hex')) + address)
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
