/**
 * packets-standard: the five packet types of the seed, and its PacketHandleProtocol: what each of them does. Each action
 * is a tap at stage 0, so that a tap at an earlier stage that answers 'handled' replaces it.
 */
import { definePlugin, type DataTransmissionPacket, type Lane } from '../../../core/index.ts'
import { collectionShareSchema } from '../../../schemas/generated/collection-share.ts'
import { dataTransmissionSchema } from '../../../schemas/generated/data-transmission.ts'
import { disconnectSchema } from '../../../schemas/generated/disconnect.ts'
import { identifierSchema } from '../../../schemas/generated/identifier.ts'
import {
  packetsStandardSchema,
  type ResolvedPacketsStandardOptions,
} from '../../../schemas/generated/packets-standard.ts'
import { pureMessageSchema } from '../../../schemas/generated/pure-message.ts'

/** File bytes wait for everything else; messages and commands do not wait for file bytes. */
const laneOfData = ({ dataType }: DataTransmissionPacket): Lane => (dataType === 'File' ? 'bulk' : 'message')

export default definePlugin<ResolvedPacketsStandardOptions>({
  name: 'packets-standard',
  version: '0.1.0',
  api: 1,
  schema: packetsStandardSchema,
  setup(ctx, { maxSharedPeers }) {
    const { packets, network } = ctx
    packets.register('Identifier', identifierSchema, { lane: 'control' })
    packets.register('Disconnect', disconnectSchema, { lane: 'control' })
    packets.register('CollectionShare', collectionShareSchema)
    packets.register('DataTransmission', dataTransmissionSchema, { lane: laneOfData })
    packets.register('PureMessage', pureMessageSchema)

    const { received } = ctx.hooks.packets
    received.for('Identifier').tap((packet, channel) => {
      const { identifier, address } = channel.peer
      if (packet.data > 0) channel.listensAt(packet.data)
      if (identifier !== undefined && packet.data > 0)
        network.candidate({ host: address, port: packet.data, scheme: channel.scheme, identifier, via: 'channel' })
      return 'handled'
    })
    received.for('Disconnect').tap((_packet, channel) => {
      // Its own channel, whatever address the packet names.
      channel.leave()
      return 'handled'
    })
    received.for('CollectionShare').tap((packet, channel) => {
      for (const { address, port, identifier } of packet.peers.slice(0, maxSharedPeers))
        network.candidate({
          host: address,
          port,
          via: `share:${channel.peer.identifier ?? channel.peer.address}`,
          from: channel.peer.address,
          ...(identifier !== undefined && { identifier }),
        })
      return 'handled'
    })
    received.for('PureMessage').tap((packet, channel) => {
      network.emit('message', packet.message, channel)
      return 'handled'
    })
  },
})
