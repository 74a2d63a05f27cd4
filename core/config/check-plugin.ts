/**
 * Is this a plugin? What definePlugin leaves open is checked here, where the entry that names the plugin is known.
 */
import { P2PNetError, messageOf } from '../errors.ts'
import { isBranded, pluginApi, type AnyPlugin } from '../host/define-plugin.ts'
import { TrustLevel } from '../trust/levels.ts'
import { validatorOf, type JsonSchema } from '../validators.ts'
import { inWords } from './config-error.ts'

/** What is wrong with it, said so that it follows its name; undefined for a plugin. */
export function flawOf(value: unknown): string | undefined {
  if (value === undefined) return 'has no default export'
  if (typeof value === 'function')
    return 'exports a function by default; export the plugin itself, or call the function in the config'
  if (typeof value !== 'object' || value === null) return `exports ${inWords(value)} by default`
  if (!isBranded(value)) return 'is not made with definePlugin()'
  const plugin = value as unknown as Record<string, unknown>
  return shapeFlaw(plugin) ?? schemaFlaw(plugin.schema)
}

/** @throws P2PNetError E_PLUGIN_INVALID */
export function checkPlugin(value: unknown, what: string, path: string, where: string): AnyPlugin {
  const flaw = flawOf(value)
  if (flaw === undefined) return value as AnyPlugin
  const name = (value as { name?: unknown } | null | undefined)?.name
  throw new P2PNetError('E_PLUGIN_INVALID', `${where}: ${path}: ${what} ${flaw}`, {
    path,
    ...(typeof value === 'object' && typeof name === 'string' && name !== '' && { plugin: name }),
  })
}

function shapeFlaw(plugin: Record<string, unknown>): string | undefined {
  const { name, version, api, setup } = plugin
  if (name === undefined) return 'has no name'
  if (typeof name !== 'string' || name === '') return `has a name that is not a word but ${inWords(name)}`
  if (version !== undefined && typeof version !== 'string') return `has a version that is ${inWords(version)}`
  if (api !== pluginApi)
    return `was written for plugin api ${typeof api === 'number' ? String(api) : inWords(api)}; this host speaks ${String(pluginApi)}`
  if (typeof setup !== 'function')
    return setup === undefined ? 'has no setup()' : `has a setup that is ${inWords(setup)}`
  for (const key of ['start', 'stop']) {
    if (plugin[key] !== undefined && typeof plugin[key] !== 'function')
      return `has a ${key} that is ${inWords(plugin[key])}`
  }
  for (const key of ['provides', 'requires']) {
    if (plugin[key] !== undefined && !isWords(plugin[key])) return `has \`${key}\` that is no list of capabilities`
  }
  if (plugin.errors !== undefined && !isRecordOf(plugin.errors, 'string'))
    return 'has `errors` that map no codes to remedies'
  if (plugin.ceiling !== undefined && !Object.hasOwn(TrustLevel, plugin.ceiling as PropertyKey))
    return `has a ceiling that is no level of trust but ${inWords(plugin.ceiling)}`
  if (plugin.commands !== undefined && !isRecordOf(plugin.commands, 'function'))
    return 'has `commands` that map no names to loaders'
  return undefined
}

function schemaFlaw(schema: unknown): string | undefined {
  if (schema === undefined) return undefined
  if (typeof schema !== 'object' || schema === null) return `has a schema that is ${inWords(schema)}`
  const { type, additionalProperties } = schema as JsonSchema
  if (type !== 'object' || additionalProperties !== false)
    return 'has an open schema; it must say `type: "object"` and `additionalProperties: false`'
  try {
    validatorOf(schema as JsonSchema, 'options')
    return undefined
  } catch (error) {
    return `has a schema that does not compile: ${messageOf(error)}`
  }
}

const isWords = (value: unknown) =>
  Array.isArray(value) && value.every((word) => typeof word === 'string' && word !== '')

const isRecordOf = (value: unknown, type: 'string' | 'function') =>
  typeof value === 'object' && value !== null && Object.values(value).every((inner) => typeof inner === type)
