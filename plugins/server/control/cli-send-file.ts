/**
 * `p2pnet send-file`: has the running node send a file, and shows how it goes. Ending the command ends the transfer.
 */
import type { Command } from 'commander'
import type { CommandLine, CommandModule, DistributionResult } from '../../../core/index.ts'
import { askNode, peerHelp } from './cli-node.ts'
import { printRows } from './cli-rows.ts'
import type { SendFileNews } from './verbs/send-file.ts'

/** The node tells every second how it goes; after so long without a word it is stuck. */
const waitMs = 30_000

const sendFile: CommandModule = {
  description:
    'Has the running node send a file to one trusted peer, or to all, and waits until they have it. Sent again, it goes\n' +
    'on where it was interrupted.',
  configure(command, line) {
    const own = command as Command
    own
      .argument('<path>', 'the file')
      .option('--to <peer>', `to this peer alone: ${peerHelp}`)
      .action(async (path: string) => {
        const { to } = own.opts<{ to?: string }>()
        const args = { path: line.resolve(path), ...(to !== undefined && { to }) }
        const bar = await openBar(line)
        let rows: DistributionResult[]
        try {
          rows = await askNode<DistributionResult[]>(line, 'send-file', args, {
            waitMs,
            onNews: (news) => bar?.show(news as SendFileNews),
          })
        } finally {
          bar?.stop()
        }
        printRows(line, rows, 'has it')
      })
  },
}
export default sendFile

/** Undefined where nobody looks on. */
async function openBar({ screen }: CommandLine) {
  if (screen === undefined) return undefined
  const { Presets, SingleBar } = await import('cli-progress')
  const mib = (bytes: number) => (bytes / 1_048_576).toFixed(1)
  const bar = new SingleBar(
    {
      stream: screen,
      clearOnComplete: true,
      format: 'sending [{bar}] {percentage} %  {value} of {total} MiB  {receivers}',
      formatValue: (value, _, type) => (type === 'percentage' ? String(value) : mib(value)),
    },
    Presets.shades_classic,
  )
  let open = false
  return {
    /** Nobody can say how far it is before somebody has accepted. */
    show({ sent, size, receivers }: SendFileNews): void {
      if (size === null) return
      const payload = { receivers: receivers === 1 ? 'to 1 peer' : `to ${String(receivers)} peers` }
      if (!open) bar.start(size * receivers, 0, payload)
      open = true
      bar.update(sent, payload)
    },
    stop(): void {
      if (open) bar.stop()
    },
  }
}
