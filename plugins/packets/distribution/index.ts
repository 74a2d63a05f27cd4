/**
 * distribution: the seed's DistributionHandler. Wraps bytes and packets and sends them to trusted peers, hands files to
 * the transfer capability, and unwraps what arrives before anybody works on it.
 */
import {
  asP2PNetError,
  definePlugin,
  isP2PNetError,
  P2PNetError,
  type DataHandler,
  type DataTransmissionPacket,
  type DataType,
  type Distribution,
  type DistributionResult,
  type DistributionTarget,
  type NetworkPacket,
  type PeerChannel,
  type PluginContext,
} from '../../../core/index.ts'
import { distributionSchema, type ResolvedDistributionOptions } from '../../../schemas/generated/distribution.ts'

export default definePlugin<ResolvedDistributionOptions>({
  name: 'distribution',
  version: '0.1.0',
  api: 1,
  schema: distributionSchema,
  provides: ['distribution'],
  setup(ctx) {
    const handlers = new Map<DataType, DataHandler>()
    const distribution: Distribution = {
      queue: (bytes, dataType, target) =>
        queue(ctx, { type: 'DataTransmission', dataType, data: bytes } as NetworkPacket, target),
      queuePacket: (packet, target) => queue(ctx, packet, target),
      async distributeFile(path, { to, ...options } = {}) {
        if (!ctx.has('transfer'))
          throw new P2PNetError('E_CAPABILITY_MISSING', 'nothing provides transfer, so files cannot be distributed', {
            plugin: ctx.id,
            remedy: 'Add files-transfer to `plugins`.',
          })
        const { channels, unknown } = resolve(ctx, to)
        const sent = await ctx.use('transfer').send(path, channels, options)
        return [...sent, ...unknown]
      },
      handle(dataType, handler) {
        if (handlers.has(dataType))
          throw new P2PNetError('E_CAPABILITY_TWICE', `payloads of type ${dataType} have a handler already`, {
            plugin: ctx.id,
            remedy: 'One handler for each data type: remove the plugin that took it.',
          })
        handlers.set(dataType, handler)
      },
    }
    ctx.provide('distribution', distribution)

    const { received } = ctx.hooks.packets
    received.for('DataTransmission').tap(({ dataType, data }, channel) => {
      // MiscData is the application's; a plugin that wants it takes the place of the event.
      if (dataType !== 'MiscData' || handlers.has('MiscData')) return undefined
      ctx.network.emit('data', data, channel)
      return 'handled'
    })
    received.for('DataTransmission').tapPromise(async (packet, channel) => {
      const handler = handlers.get(packet.dataType)
      if (handler !== undefined) await handler(packet.data, channel)
      else if (packet.dataType === 'File' && ctx.has('files')) await store(ctx, packet, channel)
      else return undefined
      return 'handled'
    })
  },
})

/** A file that came in one piece. What the manager does not want is the peer's affair, and no failure of ours. */
async function store(ctx: PluginContext, packet: DataTransmissionPacket, channel: PeerChannel): Promise<void> {
  try {
    ctx.network.emit('fileReceived', await ctx.use('files').inboundDataPacketToFile(packet), channel)
  } catch (error) {
    if (!isP2PNetError(error)) throw error
    const peer = channel.peer.identifier ?? channel.peer.address
    ctx.network.refuse({ code: error.code, reason: error.message }, peer, 'packets.received')
  }
}

/** One packet to all who are meant. Never waits for a stuck peer. */
function queue(
  ctx: PluginContext,
  packet: NetworkPacket,
  target: DistributionTarget = {},
): Promise<DistributionResult[]> {
  const { channels, unknown } = resolve(ctx, target.to)
  try {
    return Promise.resolve([...ctx.network.post(packet, channels), ...unknown])
  } catch (error) {
    return Promise.reject(asP2PNetError(error, 'E_PACKET_INVALID'))
  }
}

/** Channels, and a row for everybody who has none. Absent: all trusted ones. */
function resolve(
  ctx: PluginContext,
  to: DistributionTarget['to'],
): { channels: PeerChannel[]; unknown: DistributionResult[] } {
  if (to === undefined) return { channels: [...ctx.network.trustedChannels], unknown: [] }
  const byIdentifier = new Map<string, PeerChannel>()
  for (const channel of ctx.network.channels) {
    const { identifier } = channel.peer
    if (identifier !== undefined && !channel.closed && !byIdentifier.has(identifier))
      byIdentifier.set(identifier, channel)
  }
  const channels = new Set<PeerChannel>()
  const unknown: DistributionResult[] = []
  for (const target of to) {
    const channel = typeof target === 'string' ? byIdentifier.get(target) : target
    if (channel !== undefined) channels.add(channel)
    else
      unknown.push({
        peer: target as string,
        ok: false,
        error: { code: 'E_PEER_UNKNOWN', message: `no open channel to ${target as string}` },
      })
  }
  return { channels: [...channels], unknown }
}
