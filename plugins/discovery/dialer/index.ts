/**
 * Decides whom to dial, and when: the kernel dials only when it is asked. Candidates are dialled a few at a time, within
 * limits that no list of peers can turn against anybody; whoever was trusted and got lost is dialled again.
 */
import { definePlugin, type PluginContext } from '../../../core/index.ts'
import { dialerSchema, type ResolvedDialerOptions } from '../../../schemas/generated/dialer.ts'
import { isLoopback } from '../shared/links.ts'
import { AddressWatch } from './address-watch.ts'
import { Dialer } from './dialer.ts'
import { Redialer } from './redialer.ts'

const starters = new WeakMap<PluginContext, () => void>()

export default definePlugin<ResolvedDialerOptions>({
  name: 'dialer',
  version: '0.2.0',
  api: 1,
  schema: dialerSchema,
  category: 'Peers',

  setup(
    ctx,
    { concurrent, queue, reconnectForMs: forMs, reconnectFirstMs: firstMs, reconnectLongestMs, interfacesMs },
  ) {
    const dialer: Dialer = new Dialer(ctx, { concurrent, queue }, (identifier, code) => {
      redialer.failed(identifier, code)
    })
    const redialer = new Redialer(ctx, { forMs, firstMs, longestMs: Math.max(firstMs, reconnectLongestMs) }, dialer)
    ctx.network.on('candidate', (peer, heard) => {
      dialer.heardOf(peer, heard)
    })
    ctx.network.on('peerRemoved', (channel, { code }) => {
      dialer.gone(channel, code)
      redialer.gone(channel, code)
    })
    ctx.network.on('trustChanged', (channel) => {
      if (!channel.trusted) return
      dialer.trusted(channel)
      if (channel.peer.identifier !== undefined) redialer.stop(channel.peer.identifier)
    })
    // What was heard of before this waits: a dial needs all plugins to be up.
    starters.set(ctx, () => {
      dialer.start()
      redialer.begin(ctx.network.knownPeers)
      // A node on loopback is dialled and dials on this machine only, which does not move.
      if (!isLoopback(ctx.settings.host)) watchAddresses(ctx, interfacesMs, dialer, redialer)
    })
  },

  start(ctx) {
    starters.get(ctx)?.()
  },
})

function watchAddresses({ network, clock, log }: PluginContext, ms: number, ...movers: { moved(): void }[]): void {
  const watch = new AddressWatch(network.interfaces, {
    lost(channel) {
      log.info('an address of this machine is gone', { address: channel.localAddress, peer: channel.peer.address })
      void channel.close({ code: 'E_CONNECTION', reason: `this machine has no ${channel.localAddress ?? ''} any more` })
    },
    moved() {
      for (const mover of movers) mover.moved()
    },
  })
  clock.setInterval(() => {
    watch.look(network.interfaces, network.channels)
  }, ms)
}
