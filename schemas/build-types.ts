/**
 * The TypeScript types of a schema: what users write, in which a field with a default is optional, and `Resolved…`,
 * in which it is present. Everything is readonly, all the way down.
 */
import { compile } from 'json-schema-to-typescript'
import ts from 'typescript'
import { isSchema, mapSchemas, without, type Schema } from './build-walk.ts'

/** The declarations of a schema's own type and of its definitions, named by their titles with the prefix. */
export async function typesOf(schema: Schema, kind: 'written' | 'resolved', prefix = ''): Promise<string> {
  const named = nameDefinitions(schema)
  const prepared = mapSchemas(without(named, '$schema', '$id'), (inner) =>
    typed(documented(kind === 'resolved' ? requireDefaults(inner) : relaxDefaults(inner), prefix)),
  )
  const text = await compile(prepared as Parameters<typeof compile>[0], prepared.title ?? '', {
    additionalProperties: false,
    bannerComment: '',
    format: false,
    ignoreMinAndMaxItems: true,
    unknownAny: true,
  })
  return readonlyEverywhere(tidy(text))
}

/** Drops remarks on who refers to a declaration, puts short comments on one line and a blank line between declarations. */
function tidy(text: string): string {
  return text
    .replace(/^ \*\n \* This interface was referenced by .*\n(?: \* via .*\n)?/gm, '')
    .replace(/\/\*\*\n *\* (.*)\n *\*\//g, '/** $1 */')
    .replace(/^(?:\/\*\*(?:(?!\*\/)[^])*\*\/\n)?export /gm, '\n$&')
}

/** Gives every definition a title, after its key unless it has one. */
function nameDefinitions(schema: Schema): Schema {
  if (schema.definitions === undefined) return schema
  const definitions = Object.entries(schema.definitions).map(([key, definition]): [string, Schema] => {
    return [key, { title: key.charAt(0).toUpperCase() + key.slice(1), ...definition }]
  })
  return { ...schema, definitions: Object.fromEntries(definitions) }
}

const withDefault = (schema: Schema) =>
  Object.entries(schema.properties ?? {})
    .filter(([, property]) => property.default !== undefined)
    .map(([key]) => key)

function requireDefaults(schema: Schema): Schema {
  if (schema.properties === undefined) return schema
  return { ...schema, required: [...new Set([...(schema.required ?? []), ...withDefault(schema)])] }
}

function relaxDefaults(schema: Schema): Schema {
  if (schema.properties === undefined) return schema
  const optional = withDefault(schema)
  return { ...schema, required: (schema.required ?? []).filter((key) => !optional.includes(key)) }
}

/** Puts the default into the description and the prefix before the title. Tags go last: what the items are goes first. */
function documented(schema: Schema, prefix: string): Schema {
  const { description, default: value, items, title } = schema
  const ofItems = isSchema(items) ? items.description : undefined
  const notes = [
    description,
    ofItems && `Items: ${ofItems}`,
    value === undefined ? undefined : `@default ${inWords(value)}`,
  ]
  const text = notes.filter((note) => note !== undefined).join('\n\n')
  return {
    ...schema,
    ...(text === '' ? {} : { description: text }),
    ...(ofItems === undefined ? {} : { items: without(items as Schema, 'description') }),
    ...(title === undefined ? {} : { title: prefix + title }),
  }
}

const inWords = (value: unknown) =>
  typeof value === 'string' ? `'${value}'` : JSON.stringify(value).replaceAll('"', "'")

/**
 * Says in TypeScript what our keywords mean. A closed object without properties is an empty record, not `{}`; a type
 * with `if: { type }, then` (defaults apply in there, not in `anyOf`) is a union.
 */
function typed(schema: Schema): Schema {
  const { if: condition, then, type, ...rest } = schema
  if (isSchema(condition) && isSchema(then) && Array.isArray(type)) {
    return { ...rest, anyOf: [{ type: type.filter((one) => one !== condition.type) }, then] }
  }
  if (schema.tsType !== undefined) return schema
  if (schema.bytes) return { ...schema, tsType: 'Uint8Array' }
  if (schema.function) return { ...schema, tsType: '(...args: never[]) => unknown' }
  const empty = schema.additionalProperties === false && Object.keys(schema.properties ?? {}).length === 0
  return empty ? { ...schema, tsType: 'Record<string, never>' } : schema
}

/** Makes every property, array, tuple and record of the declarations readonly. Signatures of functions stay. */
function readonlyEverywhere(declarations: string): string {
  const source = ts.createSourceFile('types.ts', declarations, ts.ScriptTarget.Latest, true)
  const edits: { from: number; to: number; text: string }[] = []
  const edit = (from: number, to: number, text: string) => edits.push({ from, to, text })
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionTypeNode(node)) return
    const start = node.getStart(source)
    const record = recordType(node)
    if (record) {
      edit(start, record.getStart(source), 'Readonly<Record<string, ')
      edit(record.end, node.end, '>>')
      visit(record)
      return
    }
    if (ts.isPropertySignature(node) || ts.isIndexSignatureDeclaration(node)) edit(start, start, 'readonly ')
    if (ts.isArrayTypeNode(node) || ts.isTupleTypeNode(node)) {
      edit(start, start, '(readonly ')
      edit(node.end, node.end, ')')
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  edits.sort((a, b) => a.from - b.from)
  const starts = [0, ...edits.map(({ to }) => to)]
  return starts.map((start, i) => declarations.slice(start, edits[i]?.from) + (edits[i]?.text ?? '')).join('')
}

/** The values' type, of an object type that is nothing but an index signature. */
function recordType(node: ts.Node): ts.TypeNode | undefined {
  const [member, ...others] = ts.isTypeLiteralNode(node) ? node.members : []
  return member && ts.isIndexSignatureDeclaration(member) && others.length === 0 ? member.type : undefined
}
