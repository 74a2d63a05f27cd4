/**
 * transport-tcp: plain TCP. It proves nothing about who is at the other end.
 */
import { definePlugin } from '../../../core/index.ts'
import { transportTcpSchema, type ResolvedTransportTcpOptions } from '../../../schemas/generated/transport-tcp.ts'
import { dialTcp } from '../shared/dial.ts'
import { listenTcp } from '../shared/listen.ts'
import { reusingMemory } from '../shared/reuse-memory.ts'

export default definePlugin<ResolvedTransportTcpOptions>({
  name: 'transport-tcp',
  version: '0.1.0',
  api: 1,
  schema: transportTcpSchema,
  category: 'Peers',
  ceiling: 'identified',
  setup(ctx, options) {
    ctx.transport.register('tcp', {
      listen: (at, onConnection) =>
        listenTcp(ctx, options, at, (socket) => {
          onConnection(reusingMemory(socket))
        }),
      dial: async (address, signal) => reusingMemory(await dialTcp(ctx, options, address, signal)),
    })
  },
})
