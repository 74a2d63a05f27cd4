/**
 * Our dialect of JSON Schema: how ajv is set up and the keywords that are ours. Used where schemas are compiled ahead
 * (build-validators.ts) and where a third party's schema is compiled at run time.
 */

/**
 * `options`: fills in defaults and reports every error, for what the operator wrote. `packet`: stops at the first error
 * and changes nothing, for what a peer sent; lengths are the decoder's to check, so `maxLength` counts UTF-16 units.
 */
export type ValidatorKind = 'options' | 'packet'

/** Where a generated schema carries its compiled validator. */
export const validatorKey = (kind: ValidatorKind): symbol => Symbol.for(`p2pnet.validator.${kind}`)

const common = {
  strict: true,
  ownProperties: true,
  allowUnionTypes: true,
  addUsedSchema: false,
  unicode: false,
  logger: false,
} as const

export const ajvOptions = {
  options: { ...common, useDefaults: true, allErrors: true, verbose: true },
  packet: { ...common, allErrors: false },
} as const

/** ajv's code template and what a keyword's code is given; typed by structure, so that nothing is imported here. */
type Template = (strings: TemplateStringsArray, ...values: never[]) => never
interface KeywordContext {
  readonly data: unknown
  readonly schema: unknown
  fail(condition: never): void
}

/** `bytes`: the value is a Uint8Array. `function`: it is a function. `tsType`: for the type generator only. */
export function keywords(_: unknown) {
  const code = _ as Template
  const value = (data: unknown) => data as never
  return [
    {
      keyword: 'bytes',
      schemaType: 'boolean' as const,
      code: (context: KeywordContext) => {
        const { data, schema } = context
        context.fail(
          schema === true ? code`!(${value(data)} instanceof Uint8Array)` : code`${value(data)} instanceof Uint8Array`,
        )
      },
    },
    {
      keyword: 'function',
      schemaType: 'boolean' as const,
      code: (context: KeywordContext) => {
        const { data, schema } = context
        context.fail(
          schema === true ? code`typeof ${value(data)} !== "function"` : code`typeof ${value(data)} === "function"`,
        )
      },
    },
    { keyword: 'tsType' },
  ]
}

interface PacketSchema {
  readonly properties?: Readonly<Record<string, object>>
  readonly required?: readonly string[]
}

/**
 * What is compiled of a schema. Of a packet's, not the field that is raw bytes: the kernel checks that one itself, without
 * putting together what came in pieces.
 */
export function compiledPart<S extends PacketSchema>(schema: S, kind: ValidatorKind): S {
  if (kind === 'options') return schema
  const raw = Object.entries(schema.properties ?? {}).flatMap(([name, { bytes }]: [string, { bytes?: unknown }]) =>
    bytes === true ? [name] : [],
  )
  if (raw.length === 0) return schema
  return {
    ...schema,
    properties: { ...schema.properties, ...Object.fromEntries(raw.map((name) => [name, {}])) },
    required: (schema.required ?? []).filter((name) => !raw.includes(name)),
  }
}
