/**
 * Dials the candidates that discovery brings. The kernel dials only when asked, so whom to dial, and when, is decided
 * here: each address once, a few at a time, and nobody to whom a channel is open.
 */
import { definePlugin, type PluginContext } from '../../../core/index.ts'
import { dialerSchema, type ResolvedDialerOptions } from '../../../schemas/generated/dialer.ts'
import { Dialer } from './dialer.ts'

const dialers = new WeakMap<PluginContext, Dialer>()

export default definePlugin<ResolvedDialerOptions>({
  name: 'dialer',
  version: '0.1.0',
  api: 1,
  schema: dialerSchema,
  category: 'Peers',

  setup(ctx, options) {
    const dialer = new Dialer(ctx, options)
    dialers.set(ctx, dialer)
    ctx.network.on('candidate', (peer) => {
      dialer.heardOf(peer)
    })
    ctx.network.on('peerRemoved', (channel) => {
      dialer.gone(channel)
    })
  },

  // What was heard of before this waits: a dial needs all plugins to be up.
  start(ctx) {
    dialers.get(ctx)?.start()
  },
})
