// Checked by tsc alone: the types generated from the schemas. `@ts-expect-error` fails where there is no error.
import type { JsonSchema } from '../../core/validators.ts'
import type { Config, PluginEntry, ResolvedConfig, ResolvedPluginEntry } from '../../schemas/generated/config.ts'
import {
  discoveryLanSchema,
  type DiscoveryLanOptions,
  type ResolvedDiscoveryLanOptions,
} from '../../schemas/generated/discovery-lan.ts'
import type { DistributionOptions } from '../../schemas/generated/distribution.ts'
import type { FileChunkFields } from '../../schemas/generated/file-chunk.ts'
import type { ResolvedRoutinesDefaultOptions } from '../../schemas/generated/routines-default.ts'

type Same<A, B> = [A, B] extends [B, A] ? true : false
type All<Claims extends true[]> = Claims

// What users write: a field with a default is optional, also a nested one.
export const config: Config = {}
export const nested: Config = { network: { port: 1 }, logging: { categories: {} } }
export const entry: PluginEntry = { use: 'transport-tcp' }
export const options: DiscoveryLanOptions = {}
// @ts-expect-error: `use` has no default
export const nameless: PluginEntry = {}

// What the code gets: a field with a default is present, one without stays optional.
export type Resolved = All<
  [
    Same<ResolvedConfig['network']['port'], number>,
    Same<ResolvedConfig['logging']['categories']['LAN'], ResolvedConfig['logging']['level']>,
    Same<ResolvedConfig['limits']['maxConnections'], number | 'unlimited'>,
    Same<ResolvedConfig['plugins'][number], string | ResolvedPluginEntry>,
    Same<ResolvedPluginEntry['enabled'], boolean>,
    Same<ResolvedPluginEntry['id'], string | undefined>,
  ]
>
const most = { methods: ['broadcast'], rhythm: 'fixed', announceMs: 1, aloneMs: 1, perSourceBurst: 1 } as const
export const complete: ResolvedDiscoveryLanOptions = { ...most, perSourcePerSecond: 1 }
// @ts-expect-error: perSourcePerSecond has a default
export const incomplete: ResolvedDiscoveryLanOptions = most

// Readonly, all the way down.
export function write(resolved: ResolvedConfig, routines: ResolvedRoutinesDefaultOptions): void {
  // @ts-expect-error: a nested property
  resolved.network.port = 1
  // @ts-expect-error: an array
  resolved.network.designatedPorts[0] = 1
  // @ts-expect-error: a record
  routines.intervals.rounds = 10
}

// Closed, also where nothing is inside.
// @ts-expect-error: no such property
export const misspelt: Config = { netwrok: {} }
// @ts-expect-error: distribution has no options
export const surprise: DistributionOptions = { surprise: 1 }

// In packets `const` is a literal type and `bytes` a Uint8Array.
export type Packets = All<[Same<FileChunkFields['type'], 'FileChunk'>, Same<FileChunkFields['data'], Uint8Array>]>

// The literals are schemas as core takes them, and keep their literal types.
export const schema: JsonSchema = discoveryLanSchema
export const title: 'DiscoveryLanOptions' = discoveryLanSchema.title
