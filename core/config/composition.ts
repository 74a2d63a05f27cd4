/**
 * What a config comes to: the plugins of a node in their order of life, with resolved options, and where every value
 * came from. Plain data; nothing is set up yet.
 */
import type { ResolvedConfig } from '../../schemas/generated/config.ts'
import type { AnyPlugin } from '../host/define-plugin.ts'
import type { NodeSettings } from '../settings.ts'

export interface ComposedPlugin {
  readonly id: string
  readonly plugin: AnyPlugin
  /** Checked, with defaults filled in. Frozen at the top. */
  readonly options: object
  /** As the entry says; `(object)` for a plugin object. */
  readonly use: string
  /** Where the entry stands: `/plugins/3` in the file, or `p2pnet:recommended/4`. */
  readonly path: string
  /** Names the config in messages. */
  readonly where: string
  readonly origin: 'file' | 'preset'
  /** Name of the preset, if one brought it. */
  readonly preset?: string
}

/** An entry of a preset that gave way to one of the user's. */
export interface Displaced {
  readonly id: string
  readonly preset: string
  /** Id of the entry that stands in its place; absent when `enabled: false` took it out. */
  readonly by?: string
  /** What both provide; absent when the ids are the same. */
  readonly capability?: string
}

export type ValueSource = 'default' | 'preset' | 'file' | 'flag' | 'environment'

export interface Composition {
  /** With defaults; paths are absolute. */
  readonly config: ResolvedConfig
  readonly settings: NodeSettings
  /** Absolute path of the config file, if there is one. */
  readonly file?: string
  /** What relative paths are relative to. Absolute. */
  readonly directory: string
  /** In order of life. */
  readonly plugins: readonly ComposedPlugin[]
  readonly displaced: readonly Displaced[]
  /** By JSON pointer: `/network/port`, `/plugins/<id>/options/dialMs`. */
  readonly sources: ReadonlyMap<string, ValueSource>
  /** Names of the built-ins that provide a capability, for what an error recommends. */
  wouldProvide(capability: string): readonly string[]
}
