// What peers can say is checked against schemas: none of them takes long over it.
import { expect } from 'chai'
import { validatorOf, type JsonSchema } from '../../core/validators.ts'
import { without, type Schema } from '../../schemas/build-walk.ts'
import { allSchemas, readSchemas } from './read.ts'

const packets = readSchemas('packets')
const length = 65_536

/** Strings of 64 KiB that almost fit what patterns ask for, in ways that make careless ones look again and again. */
const strings = [
  'a'.repeat(length),
  `${'a'.repeat(length - 1)}!`,
  `${'0'.repeat(length - 1)}\n`,
  `${'A_'.repeat(length / 2 - 1)} !`,
  '\ud800'.repeat(length),
  '\u0000'.repeat(length),
  '1.'.repeat(length / 2),
]

/** A value that the schema takes. */
function fitting(schema: Schema): unknown {
  if ('const' in schema) return schema.const
  if (Array.isArray(schema.enum)) return schema.enum[0]
  if (schema.bytes === true) return Buffer.of(1)
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, inner]) => [key, fitting(inner)]))
    case 'array':
      return [fitting(schema.items as Schema)]
    case 'string':
      return 'a'.repeat(schema.pattern === '^[0-9a-f]{64}$' ? 64 : Number(schema.minLength ?? 1))
    default:
      return Number(schema.minimum ?? 0)
  }
}

/** The packet with this string in place of one value after the other, and as the name of one more. */
function* spoiled(value: unknown, text: string): Generator {
  yield text
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  for (const [key, inner] of Object.entries(value))
    for (const other of spoiled(inner, text))
      yield Array.isArray(value)
        ? value.map((item: unknown, i) => (String(i) === key ? other : item))
        : { ...value, [key]: other }
  if (!Array.isArray(value)) yield { ...value, [text]: 1 }
}

/** The shortest of some runs, in ms: what it takes, and not what else the machine has to do. */
function shortest(run: () => void): number {
  let best = Infinity
  for (let i = 0; i < 5; i++) {
    const before = performance.now()
    run()
    best = Math.min(best, performance.now() - before)
  }
  return best
}

/** A repetition of what holds a repetition, or of a choice: what makes a pattern look again and again. */
function isRisky(pattern: string): boolean {
  const plain = pattern.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x')
  return /\([^()]*[*+|{][^()]*\)\s*[*+{]/.test(plain) || /[*+}][*+{]/.test(plain) || /\\[1-9]/.test(pattern)
}

describe('a schema of a packet, given 64 KiB in place of any value', () => {
  for (const [name, schema] of packets)
    it(`${name} takes less than 10 ms for each`, () => {
      const validate = validatorOf(without(schema, '$schema', '$id') as JsonSchema, 'packet')
      const good = fitting(schema)
      expect(validate(good), JSON.stringify(validate.errors)).to.equal(true)
      for (const text of strings)
        for (const packet of spoiled(good, text)) expect(shortest(() => void validate(packet))).to.be.below(10)
    })
})

describe('the patterns in schemas of packets', () => {
  it('repeat nothing that repeats', () => {
    const patterns = packets.flatMap(([, schema]) =>
      allSchemas(schema).flatMap(({ pattern }) => (typeof pattern === 'string' ? [pattern] : [])),
    )
    expect(patterns).to.include('^[0-9a-f]{64}$')
    expect(patterns.filter(isRisky)).to.deep.equal([])
  })

  for (const [pattern, risky] of [
    ['^(a+)+$', true],
    ['^(a|aa)*$', true],
    ['^([a-z]+){2,}$', true],
    ['^(a)\\1+$', true],
    ['^[(+)+]*$', false],
    ['^[0-9a-f]{64}$', false],
    ['^[a-z]+(\\.[a-z])?$', false],
  ] as const)
    it(`would be told apart: ${pattern} ${risky ? 'does' : 'does not'}`, () => {
      expect(isRisky(pattern)).to.equal(risky)
    })
})
