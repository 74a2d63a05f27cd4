/**
 * `p2pnet status`: who the running node is and how it is.
 */
import type { Command } from 'commander'
import type { CommandLine, CommandModule } from '../../../core/index.ts'
import { askNode, duration, place, words } from './cli-node.ts'
import type { Status } from './verbs/status.ts'

const status: CommandModule = {
  description: 'Tells who the running node is, where it listens, and how many peers and plugins it has.',
  configure(command, line) {
    ;(command as Command).action(async () => {
      const answer = await askNode<Status>(line, 'status')
      line.print(answer, () => inWords(answer, line))
    })
  },
}
export default status

function inWords(answer: Status, line: CommandLine): string {
  const { identifier, name, state, pid, uptimeMs, listening, publicAddress, counts, plugins } = answer
  const seen = [publicAddress?.ipv4, publicAddress?.ipv6].filter((address) => address !== undefined)
  const rows = [
    ['identifier', words(line, identifier, 256) || 'nobody yet'],
    ['network', words(line, name)],
    ['state', `${state} for ${duration(uptimeMs)}, pid ${String(pid)}`],
    ['listening', listening.map(({ scheme, host, port }) => place(scheme, host, port)).join(', ') || 'on nothing'],
    ...(seen.length === 0 ? [] : [['seen as', words(line, seen.join(', '), 128)]]),
    ['channels', `${String(counts.channels)}, ${String(counts.trusted)} trusted`],
    ['known peers', String(counts.known)],
    ['plugins', pluginsInWords(plugins)],
  ]
  return `${rows.map(([what = '', value = '']) => `${what.padEnd(12)} ${value}`).join('\n')}\n`
}

function pluginsInWords(plugins: Status['plugins']): string {
  const others = plugins.filter(({ state }) => state !== 'started').map(({ id, state }) => `${id} ${state}`)
  const started = `${String(plugins.length - others.length)} started`
  return [started, ...others].join(', ')
}
