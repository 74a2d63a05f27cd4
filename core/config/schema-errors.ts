/**
 * What ajv found, said to people: one finding per mistake, at the path of the value itself, with the value and a
 * suggestion.
 */
import { didYouMean } from '../suggest.ts'
import type { JsonSchema, SchemaError } from '../validators.ts'
import { inWords, pointerTo, type Finding } from './config-error.ts'

export function findingsOf(errors: readonly SchemaError[]): Finding[] {
  const alternatives = errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf')
  const inside = new Set(alternatives.flatMap((choice) => branchErrors(choice, errors)))
  const findings = errors
    .filter((error) => !inside.has(error) && error.keyword !== 'if')
    .flatMap((error) => (alternatives.includes(error) ? choose(error, errors) : [findingOf(error)]))
  return findings.filter(
    ({ path, sentence }, i) => findings.findIndex((f) => f.path === path && f.sentence === sentence) === i,
  )
}

/** Of a union: what is wrong with the alternative that was meant, if its type gives that away; else what they all want. */
function choose(choice: SchemaError, errors: readonly SchemaError[]): Finding[] {
  const inside = branchErrors(choice, errors)
  const branches = (choice.schema as JsonSchema[]).map((_, i) =>
    inside.filter((error) => branchOf(choice, error) === i),
  )
  const meant = branches.filter((branch) => !branch.some((error) => isOtherKind(choice, error)))
  const [only] = meant
  if (meant.length === 1 && only !== undefined && only.length > 0) return findingsOf(only)
  // Several of one kind are told apart by their descriptions.
  const alike = (choice.schema as JsonSchema[]).filter((_, i) => meant.length > 1 && meant.includes(branches[i] ?? []))
  const described = alike.flatMap(({ description }) => (typeof description === 'string' ? [description] : []))
  if (described.length > 1 && described.length === alike.length)
    return [
      {
        path: choice.instancePath,
        sentence: `fits none of these, got ${inWords(choice.data)}: ${described.join(' ')}`,
      },
    ]
  const wants = (choice.schema as JsonSchema[]).map(expectation)
  return [{ path: choice.instancePath, sentence: `must be ${wants.join(', or ')}, got ${inWords(choice.data)}` }]
}

const branchErrors = (choice: SchemaError, errors: readonly SchemaError[]) =>
  errors.filter((error) => error !== choice && branchOf(choice, error) !== undefined)

function branchOf({ schemaPath, instancePath }: SchemaError, error: SchemaError): number | undefined {
  if (!error.schemaPath.startsWith(`${schemaPath}/`) || !error.instancePath.startsWith(instancePath)) return undefined
  return Number(error.schemaPath.slice(schemaPath.length + 1).split('/')[0])
}

const isOtherKind = (choice: SchemaError, { keyword, instancePath }: SchemaError) =>
  instancePath === choice.instancePath && (keyword === 'type' || keyword === 'const' || keyword === 'function')

function expectation(schema: JsonSchema): string {
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' or ')
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.function === true) return 'a function'
  const type = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['something else'])
  return type.map((name) => (/^[aeio]/.test(name) ? `an ${name}` : `a ${name}`)).join(' or ')
}

function findingOf(error: SchemaError): Finding {
  const { keyword, instancePath: path } = error
  const params = error.params as Record<string, unknown>
  const schema = (error.parentSchema ?? {}) as JsonSchema
  if (keyword === 'additionalProperties') return unknownKey(path, String(params.additionalProperty), schema)
  if (keyword === 'required') return { path: pointerTo(path, String(params.missingProperty)), sentence: 'is missing' }
  if (schema.pattern === '^unlimited$')
    return { path, sentence: `must be ${numberOrUnlimited(schema)}, got ${inWords(error.data)}` }
  return { path, sentence: sentenceOf(error, params, schema) }
}

function sentenceOf(
  { keyword, data, message }: SchemaError,
  params: Record<string, unknown>,
  schema: JsonSchema,
): string {
  const got = `, got ${inWords(data)}`
  switch (keyword) {
    case 'type':
      return `must be ${expectation(schema)}${got}`
    case 'enum': {
      const allowed = params.allowedValues as unknown[]
      const hint =
        typeof data === 'string'
          ? didYouMean(
              data,
              allowed.filter((value) => typeof value === 'string'),
            )
          : ''
      return `must be ${expectation(schema)}${got}${hint}`
    }
    case 'const':
      return `must be ${expectation(schema)}${got}`
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return `must be ${String(params.comparison)} ${String(params.limit)}${got}`
    case 'minLength':
      return params.limit === 1 ? 'must not be empty' : `must have at least ${String(params.limit)} characters${got}`
    case 'uniqueItems':
      return `must not hold the same twice, and items ${String(params.j)} and ${String(params.i)} are equal`
    case 'function':
      return `must be a function, which only a TS or JS config can hold${got}`
    case 'bytes':
      return `must be a Uint8Array${got}`
    default:
      return `${message ?? `fails ${keyword}`}${got}`
  }
}

function numberOrUnlimited({ minimum, maximum }: JsonSchema): string {
  const least = typeof minimum === 'number' ? ` >= ${String(minimum)}` : ''
  const most = typeof maximum === 'number' ? ` <= ${String(maximum)}` : ''
  return `an integer${least}${most} or "unlimited"`
}

function unknownKey(parent: string, key: string, schema: JsonSchema): Finding {
  const known = Object.keys(schema.properties ?? {})
  const hint = didYouMean(key, known)
  const list = hint !== '' ? hint : known.length === 0 ? '; none is known here' : `; known are ${known.join(', ')}`
  return { path: pointerTo(parent, key), sentence: `is not a known key${list}` }
}
