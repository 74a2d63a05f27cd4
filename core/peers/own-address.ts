/** Is this where the node itself listens? A broadcast comes back to its sender, and others repeat what they have heard. */
import type { NetworkInterface } from '../interfaces.ts'
import type { PeerAddress } from './peer.ts'
import type { Listening } from './transport.ts'

/** The interfaces are looked at only where the port fits. */
export function isOwnAddress(
  { host, port }: PeerAddress,
  listening: readonly Listening[],
  interfaces: () => readonly NetworkInterface[],
): boolean {
  return listening.some((own) => {
    if (own.port !== port) return false
    if (own.host !== '0.0.0.0' && own.host !== '::') return own.host === host
    return interfaces().some(({ addresses }) => addresses.some(({ address }) => address === host))
  })
}
