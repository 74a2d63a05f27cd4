/** Whom the operator sends something to: one trusted peer, or all of them. */
import { P2PNetError, type HostNetwork, type PeerChannel } from '../../../../core/index.ts'
import { findPeer, quoted } from './find-peer.ts'

/** @throws P2PNetError E_PEER_UNKNOWN, E_PEER_AMBIGUOUS, E_NOT_ALLOWED */
export function receivers(network: HostNetwork, to: string | undefined): readonly PeerChannel[] {
  const channels = to === undefined ? network.trustedChannels : [channelOf(network, to)]
  if (channels.length > 0) return channels
  throw new P2PNetError('E_PEER_UNKNOWN', 'no trusted peer is connected', {
    remedy: '`p2pnet peers` lists who is connected, and how far each is trusted.',
  })
}

function channelOf(network: HostNetwork, word: string): PeerChannel {
  const open = [...network.channels]
  const name = findPeer(word, new Set(open.flatMap(({ peer }) => peer.identifier ?? [])))
  const trusted = network.trustedChannels.find(({ peer }) => peer.identifier === name)
  if (trusted !== undefined) return trusted
  if (open.some(({ peer }) => peer.identifier === name))
    throw new P2PNetError('E_NOT_ALLOWED', `${quoted(name)} is connected and not trusted`)
  throw new P2PNetError('E_PEER_UNKNOWN', `no channel to ${quoted(name)} is open`)
}
