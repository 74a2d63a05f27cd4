/**
 * `p2pnet explain`: what the config comes to, and where each value came from.
 */
import type { Command } from 'commander'
import type { Explanation } from '../config/explain.ts'
import type { HostCommand } from './commands.ts'
import { addListenFlags, composeOptions, type GlobalFlags, type ListenFlags } from './flags.ts'
import { printable } from '../printable.ts'
import { inBytes, writeJson } from './output.ts'
import { setUpOnPaper } from './set-up.ts'
import type { Shell } from './shell.ts'

const explainCommand: HostCommand = {
  configure(command: Command, shell: Shell) {
    addListenFlags(command)
      .description(
        'Tells what the config comes to: plugins, hooks, sockets, the wire, memory and every value. Opens nothing.',
      )
      .option('--all', 'values that are defaults too')
      .action(async () => {
        const flags = command.optsWithGlobals<GlobalFlags & ListenFlags & { all?: boolean }>()
        const [{ compose }, { explain }, { loadCatalogue }] = await Promise.all([
          import('../config/compose.ts'),
          import('../config/explain.ts'),
          import('../config/catalogue.ts'),
        ])
        const composition = await compose(flags.config, composeOptions(shell, flags))
        const explanation = explain(composition, await loadCatalogue(), setUpOnPaper(composition))
        if (flags.json === true) writeJson(shell, explanation)
        else shell.write(await inTables(explanation, flags.all === true ? 'all' : 'chosen'))
      })
  },
}
export default explainCommand

async function inTables(explanation: Explanation, which: 'all' | 'chosen'): Promise<string> {
  const { table } = await import('./table.ts')
  const { file, plugins, displaced, hooks, sockets, wire, trust, memory, values } = explanation
  const chosen = Object.entries(values).filter(([, { source }]) => which === 'all' || source !== 'default')
  const sections = [
    ['Config', file ?? 'an object'],
    [
      'Plugins, in order of life',
      table(
        ['id', 'use', 'from', 'provides', 'requires'],
        plugins.map(({ id, use, preset, path, provides, requires }) => [
          id,
          use,
          preset ?? path,
          provides.join(' '),
          requires.join(' '),
        ]),
      ),
    ],
    ['Left out', displaced.map(({ id, preset, by, capability }) => leftOut(id, preset, by, capability)).join('\n')],
    [
      'Hooks, with who taps them, in order',
      table(
        ['hook', 'key', 'plugins'],
        Object.entries(hooks).flatMap(([hook, taps]) =>
          [...new Set(taps.map(({ key }) => key ?? ''))].map((key) => {
            const same = taps.filter((tap) => (tap.key ?? '') === key)
            return [hook, key, [...new Set(same.map(({ plugin }) => plugin))].join(', ')]
          }),
        ),
      ),
    ],
    [
      'Sockets',
      table(
        ['plugin', 'protocol', 'where', 'port'],
        sockets.map((socket) => [
          socket.plugin,
          socket.protocol,
          ...(socket.protocol === 'local'
            ? [printable(socket.path), '']
            : [socket.host, socket.port === 0 ? 'any free' : String(socket.port)]),
        ]),
      ),
    ],
    ['Visible to whoever sees the packets', wire.map(({ plugin, visible }) => `${plugin}: ${visible}`).join('\n')],
    ['Trust', trustInWords(trust)],
    ['Who is let in', admission(values)],
    ['Memory that the limits allow', `${amount(memory.worstCaseBytes)}: ${memory.formula}`],
    [
      which === 'all' ? 'Values' : 'Values (the defaults too with --all)',
      table(
        ['path', 'value', 'from'],
        chosen.map(([path, { value, source }]) => [path, printable(JSON.stringify(value)), source]),
      ),
    ],
  ] as const
  return sections
    .filter(([, body]) => body !== '')
    .map(([title, body]) => `${title}\n${body}\n`)
    .join('\n')
}

function leftOut(id: string, preset: string, by: string | undefined, capability: string | undefined): string {
  if (by === undefined) return `${id} of ${preset}: enabled is false`
  return `${id} of ${preset}: ${by} ${capability === undefined ? 'stands in its place' : `provides ${capability}`}`
}

function admission(values: Explanation['values']): string {
  const of = (name: string) => String(values[`/limits/${name}`]?.value)
  return (
    `${of('maxConnections')} channels, ${of('maxInbound')} of them in and ${of('maxOutbound')} out, ` +
    `${of('perAddress')} with one address, loopback too; ${of('pendingHandshakes')} handshakes under way`
  )
}

function trustInWords({ reached, trustedFrom, warning }: Explanation['trust']): string {
  const words = `handshakes lead to ${reached ?? 'what a plugin does not tell'}, and ${
    trustedFrom === undefined ? 'no level is trusted' : `${trustedFrom} is trusted and what is above`
  }`
  return warning === undefined ? words : `${words}\nwarning: ${warning}`
}

const amount = (bytes: number | 'unlimited') => (bytes === 'unlimited' ? bytes : inBytes(bytes))
