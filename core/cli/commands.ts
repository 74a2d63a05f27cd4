/**
 * The commands by name, each loaded only when it is named: the host's own, those of built-in plugins, and those of the
 * plugins that a config names.
 */
import type { Command } from 'commander'
import type { ComposedPlugin } from '../config/composition.ts'
import { messageOf, P2PNetError } from '../errors.ts'
import type { CommandModule } from '../host/define-plugin.ts'
import { didYouMean } from '../suggest.ts'
import type { GlobalFlags } from './flags.ts'
import type { Shell } from './shell.ts'

/** A command of the host's own. */
export interface HostCommand {
  configure(command: Command, shell: Shell): void
}

interface Known {
  readonly summary: string
  load(): Promise<{ readonly default: HostCommand | CommandModule }>
}

const own: Readonly<Record<string, Known>> = {
  init: { summary: 'write a commented p2pnet.config.ts to start from', load: () => import('./init.ts') },
  start: { summary: 'run the node until it is interrupted', load: () => import('./start.ts') },
  check: { summary: 'check the config and every plugin, and open nothing', load: () => import('./check.ts') },
  explain: {
    summary: 'tell what the config comes to, and where each value came from',
    load: () => import('./explain.ts'),
  },
  plugins: { summary: 'list the plugins there are, with their options', load: () => import('./plugins.ts') },
}

/** Commands that are always there, with their lines of help. */
export async function listCommands(): Promise<ReadonlyMap<string, string>> {
  const ofPlugins = (await builtIns()).flatMap(([, { commands = {} }]) => Object.entries(commands))
  return new Map([...Object.entries(own).map(([name, { summary }]): [string, string] => [name, summary]), ...ofPlugins])
}

/** @throws P2PNetError E_USAGE, with a suggestion; E_PLUGIN_LOAD */
export async function loadCommand(
  name: string,
  flags: GlobalFlags,
  shell: Shell,
): Promise<HostCommand | CommandModule> {
  const known = Object.hasOwn(own, name) ? own[name] : undefined
  if (known !== undefined) return (await known.load()).default
  for (const [plugin, { commands = {}, load }] of await builtIns()) {
    if (Object.hasOwn(commands, name)) return fromPlugin(plugin, (await load()).default.commands?.[name], name)
  }
  const { plugins, failure } = await composedPlugins(flags, shell)
  for (const { id, plugin } of plugins) {
    if (plugin.commands !== undefined && Object.hasOwn(plugin.commands, name))
      return fromPlugin(id, plugin.commands[name], name)
  }
  const all = [...(await listCommands()).keys(), ...plugins.flatMap(({ plugin }) => Object.keys(plugin.commands ?? {}))]
  const unread =
    failure === undefined ? '' : `; plugins of the config may bring more, but it does not load (${failure})`
  throw new P2PNetError('E_USAGE', `there is no command ${JSON.stringify(name)}${didYouMean(name, all)}${unread}`)
}

async function builtIns() {
  const { loadCatalogue } = await import('../config/catalogue.ts')
  return Object.entries(await loadCatalogue())
}

interface Composed {
  readonly plugins: readonly ComposedPlugin[]
  /** Why there are none. */
  readonly failure?: string
}

async function composedPlugins(flags: GlobalFlags, shell: Shell): Promise<Composed> {
  const { compose } = await import('../config/compose.ts')
  try {
    return { plugins: (await compose(flags.config, { cwd: shell.cwd })).plugins }
  } catch (error) {
    const { code } = error as { code?: string }
    return code === 'E_CONFIG_NOT_FOUND' ? { plugins: [] } : { plugins: [], failure: messageOf(error) }
  }
}

async function fromPlugin(plugin: string, load: (() => Promise<{ default: CommandModule }>) | undefined, name: string) {
  try {
    const module = (await load?.())?.default
    if (typeof module?.configure === 'function') return module
  } catch (error) {
    throw new P2PNetError('E_PLUGIN_LOAD', `command ${name} of plugin ${plugin} does not load: ${messageOf(error)}`, {
      plugin,
      cause: error,
    })
  }
  throw new P2PNetError('E_PLUGIN_INVALID', `command ${name} of plugin ${plugin} has no configure()`, {
    plugin,
    remedy: 'Its module must export `{ description, configure(command) {} }` by default.',
  })
}
