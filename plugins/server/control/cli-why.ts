/**
 * `p2pnet why PEER`: what the running node has decided about somebody, and which plugin did.
 */
import type { Command } from 'commander'
import type { CommandLine, CommandModule } from '../../../core/index.ts'
import { askNode, clockTime, peerHelp, words } from './cli-node.ts'
import type { Reasons } from './verbs/why.ts'

const why: CommandModule = {
  description:
    'Tells what the running node has refused or granted a peer or an address, newest first, and who decided.',
  configure(command, line) {
    ;(command as Command).argument('<peer>', `${peerHelp}, or an address`).action(async (peer: string) => {
      const reasons = await askNode<Reasons>(line, 'why', { peer })
      line.print(reasons, () => inWords(reasons, line))
    })
  },
}
export default why

function inWords({ peer, addresses, decisions }: Reasons, line: CommandLine): string {
  const name = words(line, peer, 256)
  const more =
    addresses.length === 0
      ? ''
      : `Before it had a name: p2pnet why ${addresses.map((address) => words(line, address)).join(', p2pnet why ')}\n`
  if (decisions.length === 0) return `nothing was decided about ${name}\n${more}`
  const rows = decisions.map(({ time, code, plugin, hook, reason, count }) => [
    clockTime(time),
    words(line, code),
    `${words(line, plugin)} in ${words(line, hook)}`,
    count > 1 ? `${String(count)} times` : '',
    words(line, reason, 200),
  ])
  return `${name}\n${line.table(['when', 'what', 'who', '', 'why'], rows)}\n${more}`
}
