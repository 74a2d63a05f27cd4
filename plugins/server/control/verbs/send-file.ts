/**
 * `send-file`: a file of this machine to one trusted peer, or to all. Answers when all have it or cannot have it; when the
 * asker goes, so does the transfer.
 */
import path from 'node:path'
import type { Control, DistributionResult, PluginContext, TransferProgress } from '../../../../core/index.ts'
import { controlError } from '../control-errors.ts'
import { receivers } from './receivers.ts'

/** How it goes. */
export interface SendFileNews {
  /** Bytes handed to all receivers together, and of the file; null until somebody has accepted. */
  readonly sent: number
  readonly size: number | null
  readonly receivers: number
}

/** News come at most so often, and at least so often: the asker learns that the node lives. In ms. */
const newsMs = { least: 100, most: 1000 }

export function addSendFile(control: Control, ctx: PluginContext): void {
  const { network, clock } = ctx
  control.verb('send-file', {
    arguments: { path: 'string', to: 'string?' },
    async run({ path: file, to }, signal, tell): Promise<DistributionResult[]> {
      if (!path.isAbsolute(file)) throw controlError('E_CONTROL_REQUEST', 'send-file takes an absolute path')
      ctx.use('transfer') // distributeFile needs it, and says less well who would provide it
      const distribution = ctx.use('distribution')
      const channels = receivers(network, to)

      const sentTo = new Map<string, number>()
      let size: number | null = null
      let toldAt = -Infinity
      const news = () => {
        toldAt = clock.now()
        const sent = [...sentTo.values()].reduce((sum, bytes) => sum + bytes, 0)
        tell({ sent, size, receivers: channels.length } satisfies SendFileNews)
      }
      const onProgress = (progress: TransferProgress) => {
        sentTo.set(progress.peer, progress.sent)
        size = progress.size
        if (clock.now() - toldAt >= newsMs.least) news()
      }
      const timer = clock.setInterval(news, newsMs.most)
      try {
        return await distribution.distributeFile(file, { to: channels, signal, onProgress })
      } finally {
        clock.clear(timer)
      }
    },
  })
}
