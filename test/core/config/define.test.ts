// The types of a config in TS: what they let pass and what they refuse. The compiler is the test; the values only run.
import { expect } from 'chai'
import { defineConfig, definePlugin, TrustLevel } from '../../../core/index.ts'

const mine = definePlugin<{ readonly celsius: number }>({ name: 'mine', version: '1.0.0', api: 1, setup() {} })

describe('defineConfig', () => {
  it('changes nothing', () => {
    const config = { extends: ['p2pnet:minimal'] }
    expect(defineConfig(config)).to.equal(config)
  })

  it('knows the options of built-ins, with their functions, and lets packages, paths and objects be', () => {
    const config = defineConfig({
      $schema: './schema.json',
      extends: ['p2pnet:recommended', 'p2pnet:of-tomorrow'],
      network: { host: '0.0.0.0', designatedPorts: [8001] },
      limits: { maxConnections: 'unlimited' },
      plugins: [
        'dialer',
        './mine.ts',
        mine,
        { use: mine, options: { celsius: 3 } },
        { use: 'p2pnet-plugin-foo', id: 'foo', options: { anything: true }, enabled: false, migrate: 'copy' },
        {
          use: 'trust-incoming',
          options: {
            trustedLevel: 'pinged',
            peerTrustHandshake: async (channel) => (channel.inbound ? TrustLevel.pinged : undefined),
          },
        },
        {
          use: 'routines-default',
          options: {
            routines: [
              {
                name: 'Look',
                interval: 1000,
                run: (signal) => {
                  signal.throwIfAborted()
                },
              },
            ],
          },
        },
      ],
    })
    expect(config.plugins).to.have.lengthOf(7)
  })

  it('refuses what the schema refuses', () => {
    // @ts-expect-error -- an unknown key
    defineConfig({ netwrok: {} })
    // @ts-expect-error -- a wrong type
    defineConfig({ network: { port: '80' } })
    // @ts-expect-error -- a word that is none of the levels
    defineConfig({ logging: { level: 'loud' } })
    // @ts-expect-error -- an unknown key of an entry
    defineConfig({ plugins: [{ use: 'dialer', option: {} }] })
    // @ts-expect-error -- an entry that uses nothing
    defineConfig({ plugins: [{ options: {} }] })
  })
})
