/**
 * The one cache of compiled validators: a schema compiles once a process, however many nodes use it. The built-ins'
 * schemas are compiled ahead, so ajv is loaded only with the first schema of a third party.
 */
import { createRequire } from 'node:module'
import type * as AjvModule from 'ajv'
import { ajvOptions, compiledPart, keywords, validatorKey, type ValidatorKind } from '../schemas/dialect.ts'

/** JSON Schema (draft 7), plus two keywords of ours. */
export interface JsonSchema {
  readonly $id?: string
  readonly title?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly default?: unknown
  /** The value is a Uint8Array; on the wire it travels as raw bytes. In packet schemas, one field at most. */
  readonly bytes?: true
  /** The value is a function; only TS and JS configs can hold one. Editor schemas leave it out. */
  readonly function?: true
  readonly [keyword: string]: unknown
}

export type SchemaError = AjvModule.ErrorObject

export interface Validator {
  (data: unknown): boolean
  errors?: SchemaError[] | null
}

export type { ValidatorKind }

const instances = new Map<ValidatorKind, AjvModule.Ajv>()
const compiled: Record<ValidatorKind, WeakMap<object, Validator>> = { options: new WeakMap(), packet: new WeakMap() }

/**
 * The validator of a schema: the one it was compiled to ahead, else compiled at the first call.
 * @throws Error if the schema itself is wrong (ajv strict mode).
 */
export function validatorOf(schema: JsonSchema, kind: ValidatorKind): Validator {
  const ahead = (schema as Record<symbol, Validator | undefined>)[validatorKey(kind)]
  if (ahead !== undefined) return ahead
  const known = compiled[kind].get(schema)
  if (known !== undefined) return known
  const validator = instanceOf(kind).compile(compiledPart(schema, kind)) as Validator
  compiled[kind].set(schema, validator)
  return validator
}

function instanceOf(kind: ValidatorKind): AjvModule.Ajv {
  const known = instances.get(kind)
  if (known !== undefined) return known
  // Synchronous, because schemas are registered in setup; CommonJS, as ajv is.
  const { Ajv, _ } = createRequire(import.meta.url)('ajv') as typeof AjvModule
  const ajv = new Ajv(ajvOptions[kind])
  for (const keyword of keywords(_)) ajv.addKeyword(keyword)
  instances.set(kind, ajv)
  return ajv
}
