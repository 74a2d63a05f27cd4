/**
 * `send`: a PureMessage to one trusted peer, or to all. Never waits for a peer; a row says what became of it.
 */
import { P2PNetError, type Control, type DistributionResult, type PluginContext } from '../../../../core/index.ts'
import { findPeer, quoted } from './find-peer.ts'

export function addSend(control: Control, { network }: PluginContext): void {
  control.verb('send', {
    arguments: { text: 'string', to: 'string?' },
    run({ text, to }): DistributionResult[] {
      const channels = to === undefined ? network.trustedChannels : [channelOf(to)]
      if (channels.length === 0)
        throw new P2PNetError('E_PEER_UNKNOWN', 'no trusted peer is connected', {
          remedy: '`p2pnet peers` lists who is connected, and how far each is trusted.',
        })
      return network.post({ type: 'PureMessage', message: text }, channels)
    },
  })

  function channelOf(word: string) {
    const open = [...network.channels]
    const name = findPeer(word, new Set(open.flatMap(({ peer }) => peer.identifier ?? [])))
    const trusted = network.trustedChannels.find(({ peer }) => peer.identifier === name)
    if (trusted !== undefined) return trusted
    if (open.some(({ peer }) => peer.identifier === name))
      throw new P2PNetError('E_NOT_ALLOWED', `${quoted(name)} is connected and not trusted`)
    throw new P2PNetError('E_PEER_UNKNOWN', `no channel to ${quoted(name)} is open`)
  }
}
