/**
 * `p2pnet block`, `unblock`, `authorize` and `revoke`: the operator's lists, of the running node and of its next runs.
 */
import type { Command } from 'commander'
import type { CommandLine, CommandModule } from '../../../core/index.ts'
import { askNode, clockTime, peerHelp, words } from './cli-node.ts'
import type { Access } from './verbs/access.ts'

const whole = 'a whole identifier, known or not (write -- before one that starts with a dash)'

export const block: CommandModule = {
  description: 'Shuts a peer, an address or a range of addresses out of the running node and of its next runs.',
  configure(command, line) {
    const own = command as Command
    own
      .argument('<peer>', `${peerHelp}, an address, or a range like 10.0.0.0/8`)
      .option('--minutes <number>', 'only for so long', minutesOf)
      .action(async (peer: string) => {
        const { minutes } = own.opts<{ minutes?: number }>()
        await change(line, 'block', { peer, ...(minutes !== undefined && { ms: minutes * 60_000 }) })
      })

    function minutesOf(text: string): number {
      const minutes = Number(text)
      if (!(minutes > 0 && minutes <= 1e8))
        own.error(`error: --minutes takes a number above 0, not ${JSON.stringify(text)}`)
      return minutes
    }
  },
}

export const unblock = simple('unblock', 'Lifts a block of the operator, and a ban.', `${whole}, an address or a range`)

export const authorize = simple('authorize', 'Authorizes a peer: once it has proved who it is, it is trusted.', whole)

export const revoke = simple('revoke', 'Takes back what authorize gave.', peerHelp)

function simple(verb: string, description: string, peer: string): CommandModule {
  return {
    description,
    configure(command, line) {
      ;(command as Command).argument('<peer>', peer).action((name: string) => change(line, verb, { peer: name }))
    },
  }
}

async function change(line: CommandLine, verb: string, args: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await askNode<Access>(line, verb, args)
  line.print(answer, () => `${words(line, answer.peer, 256)} ${inWords(answer)}\n`)
}

function inWords({ blocked, until, authorized }: Access): string {
  if (authorized !== undefined) return authorized ? 'is authorized' : 'is not authorized'
  if (blocked !== true) return 'is not blocked'
  return until == null ? 'is blocked' : `is blocked until ${clockTime(until)}`
}
