/**
 * What the machine has: its network interfaces, from the operating system's own list (up and running ones only).
 */
import { networkInterfaces } from 'node:os'

export interface InterfaceAddress {
  readonly address: string
  readonly netmask: string
  readonly family: 'IPv4' | 'IPv6'
  /** IPv4 only: where a directed broadcast goes. */
  readonly broadcast?: string
  /** Loopback or link of this machine only. */
  readonly internal: boolean
  /** IPv6 link-local: the zone. */
  readonly scope?: number
}

export interface NetworkInterface {
  readonly name: string
  readonly mac: string
  readonly addresses: readonly InterfaceAddress[]
}

export function listInterfaces(): NetworkInterface[] {
  return Object.entries(networkInterfaces()).map(([name, addresses = []]) => ({
    name,
    mac: addresses[0]?.mac ?? '00:00:00:00:00:00',
    addresses: addresses.map(({ address, netmask, family, internal, scopeid }) => ({
      address,
      netmask,
      family,
      internal,
      ...(family === 'IPv4' && { broadcast: broadcastOf(address, netmask) }),
      ...(scopeid !== undefined && scopeid !== 0 && { scope: scopeid }),
    })),
  }))
}

/**
 * The same for who looks again and again. A system that cannot tell just now, because the process has no file descriptor
 * left for one, has the interfaces that it had.
 */
export class Interfaces {
  readonly #ask: () => readonly NetworkInterface[]
  #last: readonly NetworkInterface[] = []

  constructor(ask: () => readonly NetworkInterface[] = listInterfaces) {
    this.#ask = ask
  }

  list(): readonly NetworkInterface[] {
    try {
      this.#last = this.#ask()
    } catch {
      // Nothing is known of a change.
    }
    return this.#last
  }
}

/** The directed broadcast address of an IPv4 network: host bits all ones (RFC 919). */
export function broadcastOf(address: string, netmask: string): string {
  const mask = netmask.split('.').map(Number)
  return address
    .split('.')
    .map((octet, i) => (Number(octet) | (~(mask[i] ?? 255) & 255)) & 255)
    .join('.')
}
