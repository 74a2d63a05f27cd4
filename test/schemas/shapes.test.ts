// What is true of every schema: it is described, closed, compiles in strict mode, and its defaults are what it asks for.
import { expect } from 'chai'
import { validatorOf } from '../../core/validators.ts'
import { isSchema, without, type Schema } from '../../schemas/build-walk.ts'
import { allSchemas, readSchema, readSchemas } from './read.ts'

const plugins = readSchemas('plugins')
const packets = readSchemas('packets')
const config: [string, Schema] = ['config', readSchema('config.json')]

describe('a schema of options', () => {
  for (const [name, schema] of [config, ...plugins]) {
    describe(name, () => {
      it('describes every property', () => {
        const properties = allSchemas(schema).flatMap((inner) => Object.entries(inner.properties ?? {}))
        expect(properties.filter(([, { description }]) => !description).map(([key]) => key)).to.deep.equal([])
      })

      it('leaves no object open by accident', () => {
        expect(openObjects(schema)).to.deep.equal(name === 'config' ? ['options'] : [])
      })

      it('compiles, and fills `{}` with its defaults, which are valid', () => {
        const validate = validatorOf(nameless(schema), 'options')
        const options = {}
        expect(validate(options), JSON.stringify(validate.errors)).to.equal(true)
        expect(options).to.deep.equal(defaultsOf(schema))
      })

      it('refuses a property that it does not know', () => {
        expect(validatorOf(nameless(schema), 'options')({ surprise: 1 })).to.equal(false)
      })
    })
  }

  it('of a plugin has the title that its types are named after', () => {
    const titles = plugins.map(
      ([name]) => `${name.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase())}Options`,
    )
    expect(plugins.map(([, { title }]) => title)).to.deep.equal(titles)
  })
})

describe('an entry of `plugins`', () => {
  const validate = validatorOf(nameless(config[1]), 'options')

  it('may be a name', () => {
    expect(validate({ plugins: ['transport-tcp'] })).to.equal(true)
  })

  it('gets its defaults', () => {
    const written = { plugins: [{ use: 'transport-tcp' }] }
    expect(validate(written)).to.equal(true)
    expect(written.plugins).to.deep.equal([{ use: 'transport-tcp', enabled: true, migrate: 'none' }])
  })

  for (const wrong of [7, '', {}, { use: 'transport-tcp', option: {} }, { use: 'transport-tcp', enabled: 'no' }]) {
    it(`is not ${JSON.stringify(wrong)}`, () => {
      expect(validate({ plugins: [wrong] })).to.equal(false)
    })
  }
})

describe('a schema of a packet', () => {
  for (const [name, schema] of packets) {
    it(`${name} compiles, is closed, and knows its own type only`, () => {
      const validate = validatorOf(nameless(schema), 'packet')
      expect(openObjects(schema)).to.deep.equal([])
      expect(schema.title).to.equal(name)
      expect(schema.properties?.type).to.deep.equal({ const: name })
      expect(schema.required).to.include('type')
      expect(validate({ type: 'Other' })).to.equal(false)
    })

    it(`${name} has one field of raw bytes at most`, () => {
      expect(allSchemas(schema).filter(({ bytes }) => bytes)).to.have.lengthOf.at.most(1)
    })
  }
})

/** Without `$id`: the literals that the code imports have it, and one ajv takes a name once. */
function nameless(schema: Schema): Schema {
  return without(schema, '$schema', '$id')
}

/** Names of the places that hold an object of which it is not said what else it may have. */
function openObjects(schema: Schema): string[] {
  const places = allSchemas(schema).flatMap((inner) => [
    ...Object.entries(inner.properties ?? {}),
    ...Object.entries(inner.definitions ?? {}),
    ...(isSchema(inner.items) ? [['items', inner.items] as const] : []),
  ])
  const closed = ({ additionalProperties: others }: Schema) => others === false || isSchema(others)
  return [['root', schema] as const, ...places]
    .filter(([, place]) => place.type === 'object' && !closed(place))
    .map(([name]) => name)
}

/** The defaults of a schema's properties, nested ones inside the object that is their parent's default. */
function defaultsOf(schema: Schema): object {
  const entries = Object.entries(schema.properties ?? {}).filter(([, property]) => property.default !== undefined)
  return Object.fromEntries(
    entries.map(([key, property]) => [
      key,
      property.properties === undefined
        ? property.default
        : { ...defaultsOf(property), ...(property.default as object) },
    ]),
  )
}
