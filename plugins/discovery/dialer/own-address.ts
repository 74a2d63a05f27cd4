/** Is this where the node itself listens? A broadcast comes back to its sender, and others repeat what they have heard. */
import type { HostNetwork, PeerAddress } from '../../../core/index.ts'

export function isOwnAddress({ host, port }: PeerAddress, network: HostNetwork): boolean {
  return network.listening.some((own) => {
    if (own.port !== port) return false
    if (own.host !== '0.0.0.0' && own.host !== '::') return own.host === host
    return network.interfaces.some(({ addresses }) => addresses.some(({ address }) => address === host))
  })
}
