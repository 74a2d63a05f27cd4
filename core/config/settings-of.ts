/**
 * The values of a config as the kernel lives by them: overridden from outside, with absolute paths.
 */
import path from 'node:path'
import type { ResolvedConfig } from '../../schemas/generated/config.ts'
import { limitsOf, type NodeSettings } from '../settings.ts'

/** Takes the place of what the config says about the network. */
export interface Overrides {
  readonly host?: string
  readonly port?: number
  /** Relative to the working directory. */
  readonly dataDir?: string
}

/** Where overrides came from; a flag unless said otherwise. */
export type OverrideSources = { readonly [K in keyof Overrides]?: 'flag' | 'environment' }

/** A copy of what was written, with the overrides in it. */
export function withOverrides(written: unknown, overrides: Overrides): unknown {
  if (!isObject(written) || Object.keys(overrides).length === 0) return written
  const { network = {} } = written
  return isObject(network) ? { ...written, network: { ...network, ...overrides } } : written
}

/** Paths absolute: those of the config seen from `directory`, an override's from `cwd`. */
export function absolutePaths(
  config: ResolvedConfig,
  overrides: Overrides,
  directory: string,
  cwd: string,
): ResolvedConfig {
  const { network, logging } = config
  const { logToFile } = logging
  return {
    ...config,
    network: { ...network, dataDir: path.resolve(overrides.dataDir === undefined ? directory : cwd, network.dataDir) },
    logging: { ...logging, logToFile: typeof logToFile === 'string' ? path.resolve(directory, logToFile) : logToFile },
  }
}

export function settingsOf({ network, limits }: ResolvedConfig): NodeSettings {
  const { name, host, port, designatedPorts, dataDir } = network
  return { name, host, port, designatedPorts, dataDir, limits: limitsOf(limits) }
}

/** A record of values, as opposed to a value. */
export function isObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
