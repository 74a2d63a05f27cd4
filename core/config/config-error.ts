/**
 * How an error about a config reads: the file, the place in it as a JSON pointer, and what is wrong there.
 */
import { P2PNetError, type ErrorCode, type ErrorDetails } from '../errors.ts'

/** Something wrong at a place, said so that it follows the place's name: `must be integer, got "x"`. */
export interface Finding {
  /** JSON pointer; empty for the whole. */
  readonly path: string
  readonly sentence: string
}

/** An error of compose(): the first of `errors`, which holds all. */
export interface ConfigErrors extends P2PNetError {
  readonly errors: readonly P2PNetError[]
}

/** `where` names the file, or what else the value comes from. */
export function configError(code: ErrorCode, where: string, finding: Finding, details: ErrorDetails = {}): P2PNetError {
  const { path, sentence } = finding
  const place = path === '' ? '' : `${path} `
  const plugin =
    details.plugin === undefined || !code.startsWith('E_PLUGIN_OPTIONS') ? '' : `of plugin ${details.plugin} `
  return new P2PNetError(code, `${where}: ${place}${plugin}${sentence}`, { path, ...details })
}

/** The first of the errors, holding all of them. */
export function allOf(errors: readonly [P2PNetError, ...P2PNetError[]]): ConfigErrors {
  return Object.assign(errors[0], { errors })
}

/** One step of a JSON pointer. */
export const pointerTo = (parent: string, key: string | number): string =>
  `${parent}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`

/** A value in words, short enough for a message. */
export function inWords(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'string')
    return `string ${JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)}`
  if (typeof value === 'number' || typeof value === 'boolean') return `${typeof value} ${value}`
  return `a ${typeof value}`
}
