/**
 * `p2pnet send`: has the running node send a message.
 */
import type { Command } from 'commander'
import type { CommandModule, DistributionResult } from '../../../core/index.ts'
import { askNode, peerHelp } from './cli-node.ts'
import { printRows } from './cli-rows.ts'

const send: CommandModule = {
  description:
    'Has the running node send a text to one trusted peer, or to all: `send TEXT`, `send PEER TEXT` or\n' +
    '`send TEXT --to PEER`. It is sent once it is queued; whether the peer does anything with it is not known.',
  configure(command, line) {
    const own = command as Command
    own
      .argument('<peer or text>', `the text; before another one, the peer: ${peerHelp}`)
      .argument('[text]', 'the text, one argument: quote what has spaces')
      .option('--to <peer>', 'to this peer alone')
      .usage('[flags] [PEER] TEXT')
      .action(async (first: string, second?: string) => {
        const { to } = own.opts<{ to?: string }>()
        if (to !== undefined && second !== undefined)
          own.error('error: give the peer once, before the text or with --to')
        const peer = second === undefined ? to : first
        const args = { text: second ?? first, ...(peer !== undefined && { to: peer }) }
        printRows(line, await askNode<DistributionResult[]>(line, 'send', args), 'sent')
      })
  },
}
export default send
