// The schema for editors: what a completion and a red line in a JSON or YAML config rest on.
import { Ajv, type ValidateFunction } from 'ajv'
import { expect } from 'chai'
import { allSchemas, readSchema, readSchemas } from './read.ts'

const schema = readSchema('config.editor.json')

const good: Record<string, unknown> = {
  'an empty config': {},
  'a preset, a built-in with options and one without': {
    $schema: './node_modules/p2pnet/schemas/config.editor.json',
    extends: ['p2pnet:recommended'],
    network: { name: 'lab', port: 4000 },
    limits: { maxConnections: 'unlimited' },
    plugins: ['transport-tcp', { use: 'discovery-lan', options: { interfaces: ['eth0'], announceMs: 5000 } }],
  },
  'plugins of others, with options that only they know': {
    plugins: ['p2pnet-plugin-weather', { use: './plugins/chat.ts', id: 'chat', options: { room: 7 }, enabled: false }],
  },
}

const bad: Record<string, unknown> = {
  'a misspelt key': { netwrok: {} },
  'a value out of range': { network: { port: 70000 } },
  'a wrong option of a built-in': { plugins: [{ use: 'handshake-ping', options: { pings: 0 } }] },
  'an option that a built-in does not have': { plugins: [{ use: 'transport-tcp', options: { pings: 3 } }] },
  'a function, which JSON cannot hold': { plugins: [{ use: 'trust-incoming', options: { peerTrustHandshake: 'no' } }] },
  'an entry that does not say what it uses': { plugins: [{ options: {} }] },
  'a word where only "unlimited" is one': { limits: { maxConnections: 'many' } },
}

describe('the schema for editors', () => {
  let validate: ValidateFunction

  before(() => {
    validate = new Ajv({ strict: false }).compile(schema)
  })

  for (const [name, config] of Object.entries(good)) {
    it(`accepts ${name}`, () => {
      expect(validate(config), JSON.stringify(validate.errors)).to.equal(true)
    })
  }

  for (const [name, config] of Object.entries(bad)) {
    it(`refuses ${name}`, () => {
      expect(validate(config)).to.equal(false)
    })
  }

  for (const [name, { properties }] of readSchemas('plugins')) {
    it(`knows the options of ${name}`, () => {
      const options = Object.keys(schema.definitions?.[name]?.properties ?? {})
      expect(Object.keys(properties ?? {})).to.include.members(options)
      expect(validate({ plugins: [{ use: name, options: {} }] })).to.equal(true)
      expect(validate({ plugins: [{ use: name, options: { surprise: 1 } }] })).to.equal(false)
    })
  }

  it('leaves out what only TS and JS configs can say', () => {
    expect(schema.definitions?.['trust-incoming']?.properties).to.not.have.property('peerTrustHandshake')
    expect(schema.definitions?.['routines-default']?.properties).to.not.have.property('routines')
  })

  it('has none of our own keywords', () => {
    const ours = allSchemas(schema).filter((inner) => ['function', 'bytes', 'tsType'].some((key) => key in inner))
    expect(ours).to.deep.equal([])
  })
})
