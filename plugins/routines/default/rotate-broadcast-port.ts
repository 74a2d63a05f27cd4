/**
 * The seed's routine that moves announcements to another designated port. It only says that it is time, with an event:
 * which ports there are is the business of the discovery, and there may be none.
 */
import type { PluginContext, Routine } from '../../../core/index.ts'

declare module '../../../core/index.ts' {
  interface Events {
    /** Announcements go to the next of the designated ports from now on. */
    rotateBroadcastPort: []
  }
}

export function rotateBroadcastPort(ctx: PluginContext): Routine {
  return {
    name: 'RotateBroadcastPort',
    interval: 30_000,
    run() {
      ctx.network.emit('rotateBroadcastPort')
    },
  }
}
