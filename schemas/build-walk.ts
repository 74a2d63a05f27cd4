/**
 * A walk over the schemas inside a schema, for the parts of schemas/build.ts. It knows which keywords hold schemas, so
 * that a default or an example which looks like one is left alone.
 */

/** A JSON Schema as it stands in its file. */
export interface Schema {
  $schema?: string
  $id?: string
  title?: string
  description?: string
  type?: string | string[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  definitions?: Record<string, Schema>
  default?: unknown
  bytes?: true
  function?: true
  tsType?: string
  [keyword: string]: unknown
}

/** Keywords that hold schemas by name, a list of schemas, one schema, or (the last) one or a list. */
const byName = ['properties', 'patternProperties', 'definitions']
const lists = ['anyOf', 'allOf', 'oneOf']
const single = ['additionalProperties', 'additionalItems', 'propertyNames', 'contains', 'not', 'if', 'then', 'else']
const either = ['items']

/** A copy of the schema in which `change` has replaced every schema, the inner ones first. */
export function mapSchemas(schema: Schema, change: (schema: Schema) => Schema): Schema {
  const inner = (value: unknown): unknown => (isSchema(value) ? mapSchemas(value, change) : value)
  const copy = Object.entries(schema).map(([keyword, value]): [string, unknown] => {
    if (byName.includes(keyword) && isSchema(value)) return [keyword, mapValues(value, inner)]
    if ([...lists, ...either].includes(keyword) && Array.isArray(value)) return [keyword, value.map(inner)]
    if ([...single, ...either].includes(keyword)) return [keyword, inner(value)]
    return [keyword, value]
  })
  return change(Object.fromEntries(copy))
}

/** The object without these keys. */
export function without(schema: Schema, ...keys: string[]): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !keys.includes(key)))
}

function mapValues(value: Schema, change: (value: unknown) => unknown) {
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, change(inner)]))
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
