/**
 * The seed's routine that clears away channels nobody is at the other end of any more, or nobody who may be. The kernel
 * closes at once what the operator blocks, and what falls silent where the wire can say "still here"; this is for a trust
 * policy that has changed its mind, and for all other wires.
 */
import type { PeerChannel, PluginContext, Refusal, Routine } from '../../../core/index.ts'

export function discernPeerChannels(ctx: PluginContext): Routine {
  return {
    name: 'DiscernPeerChannels',
    interval: 60_000,
    run() {
      for (const channel of [...ctx.network.channels]) {
        const reason = channel.closed ? undefined : (blocked(ctx, channel) ?? silent(ctx, channel))
        if (reason === undefined) continue
        ctx.network.refuse(reason, channel.peer.identifier ?? channel.peer.address, 'routines.DiscernPeerChannels')
        // Not waited for: a peer that does not read its goodbye must not hold up the others.
        void channel.close(reason)
      }
    },
  }
}

function blocked(ctx: PluginContext, { peer: { identifier, address } }: PeerChannel): Refusal | undefined {
  if (!ctx.has('trust')) return undefined
  const trust = ctx.use('trust')
  return (identifier === undefined ? undefined : trust.refuses?.(identifier)) ?? trust.refusesAddress?.(address)
}

function silent({ clock, settings: { limits } }: PluginContext, channel: PeerChannel): Refusal | undefined {
  if (channel.silentMs(clock.now()) <= limits.idleMs) return undefined
  return { code: 'E_IDLE', reason: `nothing was heard for ${String(limits.idleMs)} ms` }
}
