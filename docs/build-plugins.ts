/**
 * docs/reference/plugins.md: the presets, and each built-in with what it provides, needs, opens and takes as options.
 */
import { settingsOf } from '../core/config/settings-of.ts'
import { checkEnvelope } from '../core/config/validate.ts'
import type { AnyPlugin, BuiltIn } from '../core/index.ts'
import { catalogue } from '../plugins/index.ts'
import { presets } from '../plugins/presets.ts'
import type { Schema } from '../schemas/build-walk.ts'
import { code, generatedFrom, page, paragraph, propertyTable, sentence, table } from './build-markdown.ts'

/** A built-in, and the plugin that it loads. */
export interface Loaded extends BuiltIn {
  readonly name: string
  readonly plugin: AnyPlugin
}

export async function loadBuiltIns(): Promise<Loaded[]> {
  return Promise.all(
    Object.entries(catalogue).map(async ([name, builtIn]) => ({
      ...builtIn,
      name,
      plugin: (await builtIn.load()).default,
    })),
  )
}

/** Of a config that says nothing. */
const defaults = settingsOf(checkEnvelope({}).config)

export function pluginsPage(builtIns: readonly Loaded[]): string {
  return page(
    '# Plugins reference',
    generatedFrom('plugins/index.ts, plugins/presets.ts and schemas/plugins/*.json'),
    paragraph(`
      The plugins that come with p2pnet. A config names them in \`plugins\`, or brings them in with a preset in
      \`extends\`. How: [compose a node](../guide/compose-a-node.md).
    `),
    table(['plugin', 'provides', 'requires', 'what it does'], builtIns.map(row)),
    '## Presets',
    table(
      ['preset', 'plugins, in order'],
      Object.entries(presets).map(([name, entries]) => [code(name), entries.map(entryInWords).join(', ')]),
    ),
    ...builtIns.flatMap(section),
  )
}

const row = ({ name, provides, requires, summary }: Loaded) => [
  `[${code(name)}](#${name})`,
  provides.map(code).join(', '),
  requires.map(code).join(', '),
  sentence(summary),
]

function entryInWords(entry: (typeof presets)[string][number]): string {
  if (typeof entry === 'string') return code(entry)
  const { use, options } = entry
  const settings = Object.entries(options).map(([key, value]) => `${code(key)}: ${code(JSON.stringify(value))}`)
  return `${code(use)} (${settings.join(', ')})`
}

function section(builtIn: Loaded): string[] {
  const { name, summary, visible, plugin } = builtIn
  const facts = [...opens(builtIn), ...(visible === undefined ? [] : [`Visible to others: ${lowerFirst(visible)}`])]
  const errors = Object.keys(plugin.errors ?? {})
  return [
    `## ${name}`,
    sentence(summary),
    ...(facts.length === 0 ? [] : [facts.map((fact) => `- ${fact}`).join('\n')]),
    optionsOf(plugin.schema as Schema | undefined),
    ...(errors.length === 0
      ? []
      : [`Errors of its own: ${errors.map(code).join(', ')}; see [errors](errors.md#${name}).`]),
  ]
}

function optionsOf(schema: Schema | undefined): string {
  const options = schema?.properties ?? {}
  return schema === undefined || Object.keys(options).length === 0 ? 'It takes no options.' : propertyTable(schema)
}

function opens({ opens: sockets }: Loaded): string[] {
  const planned = (sockets?.(defaults, {}) ?? []).map((socket) => {
    if (socket.protocol === 'local')
      return 'a socket of this machine, for its user alone, in the data directory (Windows: a named pipe)'
    const { protocol, host, port } = socket
    return `${protocol.toUpperCase()} ${host}, port ${port === 0 ? 'any free one' : String(port)}`
  })
  return planned.length === 0 ? [] : [`Opens, by default: ${planned.join('; ')}.`]
}

const lowerFirst = (text: string) => (/^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text)
