/** The seed's routine that clears away channels nobody is at the other end of any more, or nobody who may be. */
import type { PeerChannel, PluginContext, Refusal, Routine } from '../../../core/index.ts'

export function discernPeerChannels(ctx: PluginContext): Routine {
  return {
    name: 'DiscernPeerChannels',
    interval: 60_000,
    run() {
      for (const channel of [...ctx.network.channels]) {
        const reason = channel.closed ? undefined : (blocked(ctx, channel) ?? silent(ctx, channel))
        // Not waited for: a peer that does not read its goodbye must not hold up the others.
        if (reason !== undefined) void channel.close(reason)
      }
    },
  }
}

/** The kernel closes at once what the operator blocks; this is for a trust policy that has changed its mind. */
function blocked(ctx: PluginContext, { peer: { identifier } }: PeerChannel): Refusal | undefined {
  if (identifier === undefined || !ctx.has('trust')) return undefined
  return ctx.use('trust').refuses?.(identifier)
}

function silent({ clock, settings: { limits } }: PluginContext, { lastReceivedAt }: PeerChannel): Refusal | undefined {
  if (clock.now() - lastReceivedAt <= limits.idleMs) return undefined
  return { code: 'E_IDLE', reason: `nothing was heard for ${String(limits.idleMs)} ms` }
}
