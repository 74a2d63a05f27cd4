/**
 * The one cache of compiled validators: a schema compiles once a process, however many nodes use it. ajv itself is
 * loaded with the first schema.
 */
import { Ajv, type ErrorObject, type Options } from 'ajv'

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

export type SchemaError = ErrorObject

export interface Validator {
  (data: unknown): boolean
  errors?: SchemaError[] | null
}

/**
 * `options`: fills in defaults and reports every error, for what the operator wrote. `packet`: stops at the first error
 * and changes nothing, for what a peer sent; lengths are the decoder's to check, so `maxLength` counts UTF-16 units.
 */
export type ValidatorKind = 'options' | 'packet'

const settings: Record<ValidatorKind, Options> = {
  options: { useDefaults: true, allErrors: true, verbose: true },
  packet: { allErrors: false, unicode: false },
}
const instances = new Map<ValidatorKind, Ajv>()
const compiled: Record<ValidatorKind, WeakMap<object, Validator>> = { options: new WeakMap(), packet: new WeakMap() }

/**
 * The validator of a schema, compiled at the first call.
 * @throws Error if the schema itself is wrong (ajv strict mode).
 */
export function validatorOf(schema: JsonSchema, kind: ValidatorKind): Validator {
  const known = compiled[kind].get(schema)
  if (known !== undefined) return known
  const validator = instanceOf(kind).compile(schema) as Validator
  compiled[kind].set(schema, validator)
  return validator
}

function instanceOf(kind: ValidatorKind): Ajv {
  const known = instances.get(kind)
  if (known !== undefined) return known
  const ajv = new Ajv({ strict: true, ownProperties: true, allowUnionTypes: true, addUsedSchema: false, logger: false, ...settings[kind] })
  ajv.addKeyword({ keyword: 'bytes', schemaType: 'boolean', validate: isBytes })
  ajv.addKeyword({ keyword: 'function', schemaType: 'boolean', validate: isFunction })
  ajv.addKeyword({ keyword: 'tsType' })
  instances.set(kind, ajv)
  return ajv
}

const isBytes = (wanted: boolean, data: unknown) => data instanceof Uint8Array === wanted
const isFunction = (wanted: boolean, data: unknown) => (typeof data === 'function') === wanted
