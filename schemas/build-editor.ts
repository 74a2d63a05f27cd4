/**
 * The schema for editors, named by `$schema` in a JSON or YAML config: the config's own schema with the options of every
 * built-in in it. It is plain JSON Schema, without our keywords and without what only TS and JS configs can say.
 */
import { isSchema, mapSchemas, without, type Schema } from './build-walk.ts'

/** Composes the config's schema with the options schemas of the built-ins, given by name. */
export function editorSchema(config: Schema, builtIns: ReadonlyMap<string, Schema>): Schema {
  const { properties = {}, definitions = {}, ...rest } = config
  const { plugins = {} } = properties
  const { entry = {} } = definitions
  const options = [...builtIns].map(([name, schema]): [string, Schema] => [name, without(schema, '$schema', '$id')])
  const names = { type: 'string', anyOf: [{ enum: [...builtIns.keys()] }, { minLength: 1 }] }
  const items = isSchema(plugins.items) ? plugins.items : {}
  return plainJson({
    ...rest,
    $id: 'https://p2pnet.dev/schemas/config.editor.json',
    properties: {
      ...properties,
      plugins: {
        ...plugins,
        items: { description: items.description, anyOf: [names, { $ref: '#/definitions/entry' }] },
      },
    },
    definitions: {
      entry: {
        ...entry,
        properties: { ...entry.properties, use: { description: 'Name, package or path of the plugin.', ...names } },
        allOf: [...builtIns.keys()].map(optionsOf),
      },
      ...Object.fromEntries(options),
    },
  })
}

/** An entry that uses this built-in has its options; any other `use` stays free. */
function optionsOf(name: string): Schema {
  return {
    if: { properties: { use: { const: name } }, required: ['use'] },
    then: { properties: { options: { $ref: `#/definitions/${name}` } } },
  }
}

function plainJson(schema: Schema): Schema {
  const marked = mapSchemas(schema, markFunctions)
  return mapSchemas(mapSchemas(marked, dropFunctions), (inner) => without(inner, 'function', 'bytes', 'tsType'))
}

/** Whatever must hold a function is as impossible in JSON as the function itself: the object around it, a list of them. */
function markFunctions(schema: Schema): Schema {
  const required = (schema.required ?? []).map((key) => schema.properties?.[key])
  const inside = [...required, isSchema(schema.items) ? schema.items : undefined]
  return inside.some((inner) => inner?.function) ? { ...schema, function: true } : schema
}

function dropFunctions(schema: Schema): Schema {
  if (schema.properties === undefined) return schema
  const kept = Object.entries(schema.properties).filter(([, property]) => !property.function)
  return { ...schema, properties: Object.fromEntries(kept) }
}
