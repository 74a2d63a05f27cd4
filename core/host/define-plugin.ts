/**
 * What a plugin is: a value with a name, a schema and a setup. Recognised by its brand, never by `instanceof`, so that
 * two copies of the host agree about it.
 */
import type { LogCategory } from '../log.ts'
import type { TrustLevelName } from '../trust/levels.ts'
import type { JsonSchema } from '../validators.ts'
import type { CommandLine } from './command-line.ts'
import type { PluginContext } from './plugin-context.ts'

/** The level of the plugin interface that this host speaks. */
export const pluginApi = 1

export const pluginBrand: unique symbol = Symbol.for('p2pnet.plugin') as never

/** A command line of a plugin's own; the module default-exports it. */
export type CommandLoader = () => Promise<{ default: CommandModule }>

export interface CommandModule {
  readonly description: string
  /** Gets a commander Command to add arguments, options and an action to. */
  configure(command: unknown, line: CommandLine): void
}

export interface Plugin<O extends object = never> {
  /** Unique; for a package its npm name. Stamped on taps, logs and errors. */
  readonly name: string
  readonly version: string
  /** Level of the plugin interface it was written for: 1. */
  readonly api: number
  /** JSON Schema of its options: closed, with defaults and descriptions. Absent: it takes none. */
  readonly schema?: JsonSchema
  /** Capabilities that it fills, with ctx.provide() in setup. */
  readonly provides?: readonly string[]
  /** Capabilities that must be there; their providers are set up and started before. */
  readonly requires?: readonly string[]
  /** Its own error codes and their remedies. */
  readonly errors?: Readonly<Record<string, string>>
  /** The category its log lines belong to. */
  readonly category?: LogCategory
  /**
   * How far it can lead, for `check` and `explain`. Of a handshake: the highest level that it grants. Of a transport: the
   * highest that a handshake over it can, where connections cannot be named or protected. Absent: nobody knows.
   */
  readonly ceiling?: TrustLevelName
  readonly commands?: Readonly<Record<string, CommandLoader>>
  /** Tap hooks, provide capabilities. Synchronous, no I/O: nothing is live yet. */
  setup(ctx: PluginContext, options: O): void
  /** Open what has to be open. Under limits.startMs. */
  start?(ctx: PluginContext): void | Promise<void>
  /** Close it again. Under limits.stopMs; also called when start failed half way. */
  stop?(ctx: PluginContext): void | Promise<void>
}

/** A plugin of whatever options. */
export type AnyPlugin = Plugin

/**
 * Gives a plugin its types and its brand. It checks nothing: what is wrong is said when a config loads it, with the
 * entry's path.
 */
export function definePlugin<O extends object = Record<string, never>>(plugin: Plugin<O>): Plugin<O> {
  return Object.assign(plugin, { [pluginBrand]: pluginApi })
}

export function isBranded(value: unknown): value is AnyPlugin {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[pluginBrand] !== undefined
}
