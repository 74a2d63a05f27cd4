/**
 * docs/reference/config.md: every key of a config, from schemas/config.json.
 */
import { searchPlaces } from '../core/config/load.ts'
import { presets } from '../plugins/presets.ts'
import { isSchema, type Schema } from '../schemas/build-walk.ts'
import { code, generatedFrom, page, paragraph, propertyTable } from './build-markdown.ts'

export function configPage(schema: Schema): string {
  const { entry = {} } = schema.definitions ?? {}
  return page(
    '# Config reference',
    generatedFrom('schemas/config.json'),
    paragraph(`
      A config is a TS, JS, JSON or YAML file. Every key is optional, and an unknown key is an error.
      How to compose a node with it: [compose a node](../guide/compose-a-node.md).
      The options of each plugin: [plugins](plugins.md).
    `),
    paragraph(`
      Unless it is named, a config is searched from the working directory upwards to the root of the package, in each
      directory under these names, in this order: ${searchPlaces.map(nameOf).join(', ')}.
    `),
    '## Top level',
    propertyTable(schema),
    `Presets: ${Object.keys(presets).map(code).join(', ')}. What is in them: [plugins](plugins.md#presets).`,
    ...Object.entries(schema.properties ?? {}).flatMap(([key, property]) => sections(key, property)),
    '## An entry of `plugins`',
    `${entry.description ?? ''} A plugin without options may stand there as a plain string.`,
    propertyTable(entry),
  )
}

/** `package.json` is looked into, not taken as a whole. */
const nameOf = (place: string) => (place === 'package.json' ? 'the key `p2pnet` of `package.json`' : code(place))

/** A section for an object with keys of its own, and for each such object inside it. */
function sections(key: string, schema: Schema): string[] {
  if (!isSchema(schema.properties)) return []
  const inner = Object.entries(schema.properties).flatMap(([name, property]) => sections(`${key}.${name}`, property))
  return [`## \`${key}\``, schema.description ?? '', propertyTable(schema), ...inner]
}
