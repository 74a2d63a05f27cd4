/**
 * handshake-key: each side proves that it holds the key that its identifier is the hash of. The proof covers the network,
 * both keys, and the connection where the transport can name it; on plain TCP it cannot, so that the peer is identified
 * and what follows is not protected.
 */
import { definePlugin, type NetworkPacket, type PeerChannel, type PluginContext } from '../../../core/index.ts'
import { handshakeKeySchema, type ResolvedHandshakeKeyOptions } from '../../../schemas/generated/handshake-key.ts'
import { registerPackets } from './packets.ts'
import { holdEarly, talk } from './talk.ts'

export default definePlugin<ResolvedHandshakeKeyOptions>({
  name: 'handshake-key',
  version: '0.1.0',
  api: 1,
  schema: handshakeKeySchema,
  requires: ['keys'],
  category: 'Peers',
  ceiling: 'authenticated',

  setup(ctx, { timeoutMs }) {
    const early = new WeakMap<PeerChannel, () => readonly NetworkPacket[]>()
    /** Channels that we dialled and whose handshake is over: the peer does not know yet where we listen. */
    const strangers = new WeakSet<PeerChannel>()
    registerPackets(ctx.packets)

    ctx.network.on('peerAdded', (channel) => {
      early.set(channel, holdEarly(channel))
    })
    ctx.hooks.trust.handshake.tapPromise(async (channel) => {
      const level = await talk(ctx, channel, timeoutMs, early.get(channel)?.() ?? [])
      if (!channel.inbound) strangers.add(channel)
      return level
    })
    ctx.network.on('trustChanged', (channel) => {
      if (channel.trusted && strangers.delete(channel)) introduce(ctx, channel)
    })
  },
})

/** Says where we listen, so that others can be told. Both sides trust by now: the answerer was ready first. */
function introduce({ network, packets, settings }: PluginContext, channel: PeerChannel): void {
  const port = network.listening.find(({ scheme }) => scheme === channel.scheme)?.port
  if (port === undefined || packets.get('Identifier') === undefined) return
  try {
    channel.post({ type: 'Identifier', data: port, network: settings.name })
  } catch {
    // The channel is closing; nobody needs to know any more.
  }
}
