/** The findings of `doctor lan` for people. */
import type { CommandLine } from '../../../../core/index.ts'
import type { Cause } from './causes.ts'
import type { Facts, InterfaceFacts, PathFacts } from './facts.ts'

const states: Readonly<Record<InterfaceFacts['state'], string>> = {
  used: '',
  unused: 'left out by the config',
  down: 'down',
  unsuited: 'no LAN',
}

export function inWords(facts: Facts, causes: readonly Cause[], line: CommandLine): string {
  const parts = [
    `network ${line.printable(JSON.stringify(facts.network))}, UDP ports ${facts.ports.map(({ port }) => port).join(' ')}\n`,
    line.table(['interface', 'path', 'to', 'left', 'came back', 'answered by'], rowsOf(facts, line)),
    '',
    facts.heard.length === 0
      ? 'Nobody was heard.'
      : line.table(['heard', 'address', 'port', 'network', ''], heard(facts, line)),
    '',
  ]
  if (causes.length === 0) parts.push('Nothing is wrong that can be seen from here.')
  else parts.push('What may be wrong:')
  for (const { text, remedy } of causes) parts.push(`- ${line.printable(text)}`, `  ${line.printable(remedy)}`)
  return `${parts.join('\n')}\n`
}

function rowsOf({ interfaces, unicast }: Facts, line: CommandLine): string[][] {
  const rows = interfaces.flatMap(({ name, state, paths, addresses }) =>
    paths.length === 0
      ? [[line.printable(name), states[state], addresses.join(' '), '', '', '']]
      : paths.map((path) => [
          line.printable(name),
          pathInWords(path),
          path.to,
          left(path),
          path.heardItself ? 'yes' : 'no',
          answers(path),
        ]),
  )
  if (unicast !== undefined) rows.push(['', 'unicast', unicast.to, left(unicast), '', answers(unicast)])
  return rows
}

const pathInWords = ({ path, family }: PathFacts) => (family === 'IPv6' ? `${path} IPv6` : path)

const left = ({ sent, errors }: { readonly sent: number; readonly errors: readonly string[] }) =>
  [String(sent), ...errors].join(' ')

const answers = ({ answers: all }: { readonly answers: readonly { readonly address: string }[] }) =>
  all.length === 0 ? 'nobody' : [...new Set(all.map(({ address }) => address))].join(' ')

function heard({ heard: all }: Facts, line: CommandLine): string[][] {
  return all.map(({ identifier = '?', address, port, network = '', own, answered }) => [
    line.printable(identifier),
    address,
    String(port),
    line.printable(network),
    own ? 'this node' : answered ? '' : 'does not answer',
  ])
}
