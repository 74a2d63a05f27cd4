/**
 * Sends files to peers and receives theirs: offered, accepted or refused, in chunks, checked as a whole by SHA-256. The
 * `transfer` capability; what it receives goes to whoever provides `files`.
 */
import { P2PNetError, definePlugin, type PluginContext } from '../../../core/index.ts'
import { filesTransferSchema, type ResolvedFilesTransferOptions } from '../../../schemas/generated/files-transfer.ts'
import { registerPackets } from './packets.ts'
import { Receiver } from './receiver.ts'
import { Sender } from './sender.ts'
import { transferErrors } from './transfer-errors.ts'

interface Rooms {
  readonly sender: Sender
  readonly receiver: Receiver
  /** A transfer on which nothing moves is found within a quarter of its patience. */
  readonly sweepMs: number
}

const nodes = new WeakMap<PluginContext, Rooms>()

/** Room for the fields of a FileChunk besides its data. */
const headRoom = 1024

export default definePlugin<ResolvedFilesTransferOptions>({
  name: 'files-transfer',
  version: '0.1.0',
  api: 1,
  schema: filesTransferSchema,
  provides: ['transfer'],
  requires: ['files'],
  errors: transferErrors,

  setup(ctx, { chunkBytes, maxFileBytes, incoming, idleMs }) {
    const { clock, hooks, log, network, random } = ctx
    const { frameBytes, outQueueBytes, tapMs } = ctx.settings.limits
    // A chunk has to fit into a frame and into the queue of a channel, whatever the config says of those.
    const fitting = Math.max(headRoom, Math.min(chunkBytes, frameBytes - headRoom, outQueueBytes - headRoom))
    const sender = new Sender({ network, clock, random, log, idleMs, chunkBytes: fitting })
    const receiver = new Receiver({
      network,
      files: ctx.use('files'),
      clock,
      incoming,
      idleMs,
      maxFileBytes: maxFileBytes === 'unlimited' ? Infinity : maxFileBytes,
      // The host takes a tap that answers later for one that hangs.
      pauseMs: tapMs / 2,
    })
    nodes.set(ctx, { sender, receiver, sweepMs: idleMs / 4 })
    registerPackets(ctx.packets)

    hooks.packets.received.for('FileOffer').tap((packet, channel) => {
      receiver.offer(packet, channel)
      return 'handled'
    })
    hooks.packets.received.for('FileChunk').tap((packet, channel) => {
      receiver.chunk(packet, channel)
      // Unanswered, the packet goes on to the tap below, and the channel reads no further until that has answered.
      return receiver.isPressed ? undefined : 'handled'
    })
    hooks.packets.received.for('FileChunk').tapPromise(async () => {
      await receiver.room()
      return 'handled'
    })
    hooks.packets.received.for('FileAnswer').tap((packet, channel) => {
      if (packet.state === 'cancel') receiver.cancel(packet.transfer, channel)
      else sender.answer(packet, channel)
      return 'handled'
    })
    network.on('peerRemoved', (channel, reason) => {
      receiver.gone(channel)
      sender.gone(channel, reason)
    })
    ctx.provide('transfer', sender)
  },

  start(ctx) {
    const rooms = nodes.get(ctx)
    if (rooms === undefined) return
    ctx.clock.setInterval(() => {
      rooms.sender.sweep(ctx.clock.now())
      rooms.receiver.sweep(ctx.clock.now())
    }, rooms.sweepMs)
  },

  async stop(ctx) {
    const reason = new P2PNetError('E_STOPPING', 'the node is stopping')
    await nodes.get(ctx)?.sender.stop(reason)
    await nodes.get(ctx)?.receiver.stop(reason)
  },
})
