/**
 * The parts of a config that the kernel itself lives by, resolved: absolute paths, and numbers where the config may say
 * "unlimited".
 */
import type { ResolvedConfig } from '../schemas/generated/config.ts'

export type Limits = { readonly [K in keyof ResolvedConfig['limits']]: number }

export interface NodeSettings {
  /** Name of the network. */
  readonly name: string
  readonly host: string
  readonly port: number
  readonly designatedPorts: readonly number[]
  /** Absolute. */
  readonly dataDir: string
  /** `unlimited` is Infinity. */
  readonly limits: Limits
}

export function limitsOf(limits: ResolvedConfig['limits']): Limits {
  const entries = Object.entries(limits).map(([name, value]) => [name, value === 'unlimited' ? Infinity : value])
  return Object.fromEntries(entries) as Limits
}
