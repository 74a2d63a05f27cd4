/**
 * `p2pnet plugins`: the built-ins, those that the config names and those installed here, with what they provide and
 * their options.
 */
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from 'commander'
import { messageOf } from '../errors.ts'
import type { AnyPlugin } from '../host/define-plugin.ts'
import type { JsonSchema } from '../validators.ts'
import type { HostCommand } from './commands.ts'
import type { GlobalFlags } from './flags.ts'
import { printable } from '../printable.ts'
import { writeJson } from './output.ts'
import type { Shell } from './shell.ts'

interface ListedOption {
  readonly name: string
  readonly type: string
  readonly default?: unknown
  readonly required: boolean
  readonly description: string
}

interface Listed {
  readonly name: string
  readonly origin: 'built-in' | 'config' | 'installed'
  readonly summary: string
  readonly provides: readonly string[]
  readonly requires: readonly string[]
  readonly options: readonly ListedOption[]
  /** Why it cannot be told more of. */
  readonly error?: string
}

const plugins: HostCommand = {
  configure(command: Command, shell: Shell) {
    command
      .description('Lists built-in plugins, those that the config names and those installed here, with their options.')
      .argument('[name]', 'only this one')
      .action(async (name: string | undefined) => {
        const flags = command.optsWithGlobals<GlobalFlags>()
        const all = [...(await builtIns()), ...(await others(flags, shell))]
        const listed = name === undefined ? all : all.filter((plugin) => plugin.name === name)
        if (name !== undefined && listed.length === 0) throw await unknown(name, all)
        if (flags.json === true) writeJson(shell, listed)
        else shell.write(await inWords(listed))
      })
  },
}
export default plugins

async function builtIns(): Promise<Listed[]> {
  const { loadCatalogue } = await import('../config/catalogue.ts')
  const entries = Object.values(await loadCatalogue())
  return Promise.all(entries.map(async ({ load, summary }) => describe((await load()).default, 'built-in', summary)))
}

/** Plugins of the config, and packages beside it that are named like plugins. */
async function others({ config }: GlobalFlags, shell: Shell): Promise<Listed[]> {
  const [{ compose }, { loadCatalogue }, { createModuleLoader }, { resolvePlugin }] = await Promise.all([
    import('../config/compose.ts'),
    import('../config/catalogue.ts'),
    import('../config/module-loader.ts'),
    import('../config/resolve.ts'),
  ])
  const catalogue = await loadCatalogue()
  const composition = await compose(config, { cwd: shell.cwd }).catch(() => undefined) // `check` says what is wrong with it
  const named = (composition?.plugins ?? []).filter(({ use }) => !Object.hasOwn(catalogue, use))
  const directory = composition?.directory ?? shell.cwd
  const context = { catalogue, modules: createModuleLoader(), directory, where: 'node_modules' }
  const known = new Set(named.flatMap(({ use, plugin }) => [use, plugin.name]))
  const packages = (await installed(directory)).filter((name) => !known.has(name))
  const found = packages.map(async (name) => {
    try {
      return describe(await resolvePlugin(name, name, context), 'installed')
    } catch (error) {
      return {
        name,
        origin: 'installed',
        summary: '',
        provides: [],
        requires: [],
        options: [],
        error: messageOf(error),
      } as const
    }
  })
  return [...named.map(({ plugin }) => describe(plugin, 'config')), ...(await Promise.all(found))]
}

/** Packages called p2pnet-plugin-…, in node_modules from here upwards. */
async function installed(from: string): Promise<string[]> {
  const isPlugin = (name: string) => name.startsWith('p2pnet-plugin-')
  const found: string[] = []
  for (let directory = from; ; directory = path.dirname(directory)) {
    const modules = path.join(directory, 'node_modules')
    for (const name of await list(modules)) {
      if (isPlugin(name)) found.push(name)
      if (name.startsWith('@'))
        found.push(...(await list(path.join(modules, name))).filter(isPlugin).map((inner) => `${name}/${inner}`))
    }
    if (path.dirname(directory) === directory) return [...new Set(found)].sort()
  }
}

async function list(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []) // most directories have no node_modules
}

function describe(
  { name, schema, provides = [], requires = [] }: AnyPlugin,
  origin: Listed['origin'],
  summary?: string,
): Listed {
  const required = schema?.required ?? []
  const options = Object.entries(schema?.properties ?? {}).map(([option, inner]): ListedOption => {
    const { description = '', default: value } = inner
    return {
      name: option,
      type: typeOf(inner),
      required: required.includes(option),
      description,
      ...(value !== undefined && { default: value }),
    }
  })
  return { name, origin, summary: summary ?? schema?.description ?? '', provides, requires, options }
}

function typeOf(schema: JsonSchema): string {
  if (schema.function === true) return 'function'
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  const branches = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined
  if (branches !== undefined) return branches.map(typeOf).join(' | ')
  const { type = 'any', items } = schema
  if (type === 'array') {
    const inner = items === undefined ? 'any' : typeOf(items as JsonSchema)
    return inner.includes(' ') ? `(${inner})[]` : `${inner}[]`
  }
  if (schema.pattern === '^unlimited$') return 'integer | "unlimited"'
  return typeof type === 'string' ? type : type.join(' | ')
}

async function inWords(listed: readonly Listed[]): Promise<string> {
  const { table } = await import('./table.ts')
  const paragraphs = listed.map(({ name, origin, summary, provides, requires, options, error }) => {
    const slots = [
      provides.length > 0 && `provides ${provides.join(', ')}`,
      requires.length > 0 && `requires ${requires.join(', ')}`,
    ]
    const head = [
      `${name} (${[origin, ...slots.filter((slot) => slot !== false)].join('; ')})`,
      error ?? summary,
    ].filter((line) => line !== '')
    const rows = options.map((option) => [`  ${option.name}`, option.type, valueOf(option), option.description])
    return printableLines([...head, ...table(['  option', 'type', 'default', ''], rows).split('\n')])
  })
  return `${paragraphs.join('\n\n')}\n`
}

const printableLines = (lines: readonly string[]) =>
  lines
    .filter((line) => line !== '')
    .map(printable)
    .join('\n')

const valueOf = ({ required, default: value }: ListedOption) =>
  required ? 'required' : value === undefined ? '-' : JSON.stringify(value)

async function unknown(name: string, all: readonly Listed[]) {
  const [{ P2PNetError }, { didYouMean }] = await Promise.all([import('../errors.ts'), import('../suggest.ts')])
  const hint = didYouMean(
    name,
    all.map((plugin) => plugin.name),
  )
  return new P2PNetError('E_PLUGIN_NOT_FOUND', `there is no plugin ${JSON.stringify(name)}${hint}`, { plugin: name })
}
