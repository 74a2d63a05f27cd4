/**
 * The built-in plugins and the presets as the host sees them: two literals under plugins/, reached only by these lazy
 * imports, so that core knows no plugin and loads none that a config does not name.
 */
import type { CommandLine } from '../host/command-line.ts'
import type { AnyPlugin } from '../host/define-plugin.ts'
import type { NodeSettings } from '../settings.ts'

/** A socket that a plugin opens when it starts. */
export type PlannedSocket =
  | {
      readonly protocol: 'tcp' | 'udp'
      /** An address, or where in words. */
      readonly host: string
      /** 0: any free one. */
      readonly port: number
    }
  | {
      /** Of this machine, and for its user alone: a Unix domain socket, or a named pipe of Windows. */
      readonly protocol: 'local'
      /** Where it is, or that in words. */
      readonly path: string
    }

/** A built-in plugin, described without loading it. */
export interface BuiltIn {
  /** One sentence. */
  readonly summary: string
  readonly provides: readonly string[]
  readonly requires: readonly string[]
  load(): Promise<{ readonly default: AnyPlugin }>
  /** Commands that it brings, each with a line of help. */
  readonly commands?: Readonly<Record<string, string>>
  /** How a command, of whichever plugin, asks a running node. */
  readonly asks?: () => Promise<{
    askNode(line: CommandLine, verb: string, args: Readonly<Record<string, unknown>>): Promise<unknown>
  }>
  opens?(settings: NodeSettings, options: object): readonly PlannedSocket[]
  /** What somebody who sees the packets go by learns from it. */
  readonly visible?: string
}

/** By name. */
export type Catalogue = Readonly<Record<string, BuiltIn>>

/** A built-in, with the options that the preset gives it. */
export type PresetEntry = string | { readonly use: string; readonly options: object }

/** Entries by name of the preset, in order. */
export type Presets = Readonly<Record<string, readonly PresetEntry[]>>

export async function loadCatalogue(): Promise<Catalogue> {
  return (await import('../../plugins/index.ts')).catalogue
}

export async function loadPresets(): Promise<Presets> {
  return (await import('../../plugins/presets.ts')).presets
}

/** The built-in of this name, if there is one. */
export function builtIn(catalogue: Catalogue, name: string): BuiltIn | undefined {
  return Object.hasOwn(catalogue, name) ? catalogue[name] : undefined
}

/** Names of the built-ins that fill a slot. */
export function wouldProvide(catalogue: Catalogue, capability: string): string[] {
  return Object.keys(catalogue).filter((name) => catalogue[name]?.provides.includes(capability))
}
