/** `p2pnet doctor lan`: why two machines do not see each other. Exits 0 if another node was heard, else 1. */
import { isIP } from 'node:net'
import type { Command } from 'commander'
import { P2PNetError, type CommandLine, type CommandModule } from '../../../core/index.ts'
import type { ResolvedDiscoveryLanOptions } from '../../../schemas/generated/discovery-lan.ts'
import { causesOf } from './doctor/causes.ts'
import { examine } from './doctor/examine.ts'
import { inWords } from './doctor/words.ts'

interface Flags {
  readonly lan?: true
  readonly host?: string
  readonly to?: string
  readonly seconds: number
}

const doctor: CommandModule = {
  description: 'Examines why nodes do not find each other.',
  configure(given, line) {
    const command = (given as Command)
      .command('lan')
      .description(
        'Asks on every interface, by every path that discovery-lan uses, who is there; tells who answers, and what is\n' +
          'likely wrong. Needs no running node here, and minds none. Exits 0 if another node was heard, else 1.',
      )
    command
      .addOption(command.createOption('--lan', 'as the node that is started with --lan').conflicts('host'))
      .option('--host <address>', 'as the node that is started with this --host')
      .option('--to <address>', 'ask this host by itself, too')
      .option('--seconds <number>', 'how long to listen', secondsOf, 4)
      .action(async () => {
        const { lan, host, to, seconds } = command.opts<Flags>()
        if (to !== undefined && isIP(to.split('%')[0] ?? '') === 0)
          command.error(`error: --to takes an IP address, not ${JSON.stringify(to)}`)
        const node = await line.nodeOnPaper(lan === true ? '0.0.0.0' : host)
        if (node.interfaces.some(({ addresses }) => addresses.some(({ address }) => address === to)))
          command.error(`error: --to takes another machine; ${String(to)} is this one`)
        const plugin = node.plugins.find(({ name }) => name === 'discovery-lan')
        if (plugin === undefined)
          throw new P2PNetError('E_PLUGIN_NOT_FOUND', 'the config does not compose discovery-lan', {
            remedy: "Add 'discovery-lan' to `plugins`.",
          })
        const facts = await examine({
          node,
          options: plugin.options as ResolvedDiscoveryLanOptions,
          ownIdentifier: await ownIdentifier(line),
          to,
          ms: seconds * 1000,
        })
        const causes = causesOf(facts)
        line.print({ ...facts, causes }, () => inWords(facts, causes, line))
        if (facts.heard.every(({ own }) => own)) line.exitCode = 1
      })

    function secondsOf(text: string): number {
      const seconds = Number(text)
      if (!(seconds >= 2 && seconds <= 600))
        command.error(`error: --seconds takes a number from 2 to 600, not ${JSON.stringify(text)}`)
      return seconds
    }
  },
}
export default doctor

/** Of the node that runs with this data directory, if one does and can be asked. */
async function ownIdentifier(line: CommandLine): Promise<string | undefined> {
  try {
    const { identifier } = (await line.ask('status')) as { identifier?: string }
    return identifier
  } catch {
    return undefined // then it is heard like any other
  }
}
