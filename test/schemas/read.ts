// The JSON Schema files, for the tests of what is true of them all.
import { readdirSync, readFileSync } from 'node:fs'
import { mapSchemas, type Schema } from '../../schemas/build-walk.ts'

const root = new URL('../../schemas/', import.meta.url)

/** Each schema of a folder of schemas/, by its name without `.json`. */
export function readSchemas(folder: 'plugins' | 'packets'): [name: string, schema: Schema][] {
  const names = readdirSync(new URL(folder, root)).filter((name) => name.endsWith('.json'))
  return names.map((name) => [name.slice(0, -'.json'.length), readSchema(`${folder}/${name}`)])
}

export function readSchema(path: string): Schema {
  return JSON.parse(readFileSync(new URL(path, root), 'utf8')) as Schema
}

/** The schema and every schema inside it. */
export function allSchemas(schema: Schema): Schema[] {
  const found: Schema[] = []
  mapSchemas(schema, (inner) => {
    found.push(inner)
    return inner
  })
  return found
}
