/**
 * What a command of a plugin has of the command line: the flags that every command takes, and a voice.
 */
import type { NetworkInterface } from '../interfaces.ts'
import type { PacketRegistry } from '../packets/registry.ts'
import type { NodeSettings } from '../settings.ts'
import type { Capabilities, CapabilityName } from './capabilities.ts'

/** The node that a config composes, set up and not started: nothing is open, and it has no identifier. */
export interface NodeOnPaper {
  readonly settings: NodeSettings
  /** In order of life, with their options as validated. */
  readonly plugins: readonly { readonly id: string; readonly name: string; readonly options: unknown }[]
  readonly packets: PacketRegistry
  /** Of this machine, as they are now. */
  readonly interfaces: readonly NetworkInterface[]
  /** @throws P2PNetError E_CAPABILITY_MISSING */
  use<K extends CapabilityName>(capability: K): Capabilities[K]
}

export interface CommandLine {
  /** `--json` was given. */
  readonly json: boolean
  /** 0 good, 1 failed. What an action throws sets it by itself. */
  exitCode: number
  /** The answer, once: the value as one line of JSON with `--json`, else the words, as they are. */
  print(value: unknown, words: () => string): void
  /** Where to draw what moves, for people who look on. Absent with `--json`, and where nobody does. */
  readonly screen?: NodeJS.WritableStream | undefined
  /** An absolute path, for one that is relative to where the command was called. */
  resolve(path: string): string
  /** Columns for people, without lines. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): string
  /** Text without what a terminal would obey. Whatever a peer has a say in goes through it. */
  printable(text: string): string
  /**
   * Where `start` with the same flags keeps its files, absolute. Reads the config only if neither a flag nor the
   * environment says it.
   * @throws P2PNetError E_CONFIG_… and its kind
   */
  dataDir(): Promise<string>
  /** The plugins that the config composes, in order of life. @throws P2PNetError as dataDir */
  plugins(): Promise<readonly { readonly id: string; readonly name: string }[]>
  /** @throws P2PNetError as dataDir, and what a plugin's setup throws. `host`: in place of network.host */
  nodeOnPaper(host?: string): Promise<NodeOnPaper>
  /**
   * Has the node that runs in this data directory do what one of its verbs does, of the capability `control`. Answers
   * plain data, in which peers may have a say.
   * @throws P2PNetError E_NOT_RUNNING, E_CONTROL_MISSING and its kind; what the verb throws
   */
  ask(verb: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>
}
