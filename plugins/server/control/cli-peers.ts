/**
 * `p2pnet peers`: who is connected to the running node, and with --known who else it has heard of.
 */
import type { Command } from 'commander'
import type { CommandLine, CommandModule } from '../../../core/index.ts'
import { askNode, clockTime, place, words } from './cli-node.ts'
import type { PeerRow } from './verbs/peers.ts'

const peers: CommandModule = {
  description: 'Lists who is connected to the running node, how far each is trusted, and what has passed.',
  configure(command, line) {
    const own = command as Command
    own.option('--known', 'those too who are known and not connected').action(async () => {
      const { known = false } = own.opts<{ known?: boolean }>()
      const rows = await askNode<PeerRow[]>(line, 'peers', { known })
      line.print(rows, () => inWords(rows, line))
    })
  },
}
export default peers

function inWords(rows: readonly PeerRow[], line: CommandLine): string {
  if (rows.length === 0) return 'nobody\n'
  const head = ['identifier', 'address', 'level', 'trusted', 'since', 'packets in/out', 'bytes in/out']
  const body = rows.map((row) => [
    row.identifier === null ? '-' : words(line, row.identifier, 48),
    words(line, place(row.scheme, row.address, row.port)),
    row.connected ? row.level : 'not connected',
    row.trusted ? 'yes' : 'no',
    row.connected ? clockTime(row.since) : `seen ${clockTime(row.lastSeen)}`,
    row.connected ? pair(row.packetsIn, row.packetsOut) : '',
    row.connected ? pair(row.bytesIn, row.bytesOut) : '',
  ])
  return `${line.table(head, body)}\n`
}

const pair = (inwards: number, outwards: number) => `${String(inwards)} / ${String(outwards)}`
