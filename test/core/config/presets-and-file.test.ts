// How a file's entries and those of its presets make one node, and in which order its plugins live.
import { expect } from 'chai'
import { compose } from '../../../core/config/compose.ts'
import { definePlugin, type AnyPlugin, type Config } from '../../../core/index.ts'
import { presets } from '../../../plugins/presets.ts'

const cwd = '/'
const minimal = ['transport-tcp', 'wire-binary', 'packets-standard', 'trust-incoming', 'identity-default']
const base = ['wire-binary', 'trust-incoming']

const make = (name: string, provides: string[] = [], requires: string[] = []): AnyPlugin =>
  definePlugin({ name, version: '1.0.0', api: 1, provides, requires, setup() {} })

interface Case {
  readonly title: string
  readonly config: Config
  readonly ids: readonly string[]
  readonly displaced?: readonly object[]
}

const p2 = 'p2pnet:minimal'
const cases: readonly Case[] = [
  { title: 'no `extends` means no preset', config: { plugins: base }, ids: base },
  { title: 'a preset is its entries, in order', config: { extends: [p2] }, ids: minimal },
  {
    title: "the file's own come after the preset's",
    config: { extends: [p2], plugins: ['dialer'] },
    ids: [...minimal, 'dialer'],
  },
  {
    title: 'an entry with the id of one of the preset takes its place',
    config: { extends: [p2], plugins: ['dialer', 'wire-binary'] },
    ids: [...minimal, 'dialer'],
  },
  {
    title: 'enabled: false takes out what a preset brought',
    config: { extends: [p2], plugins: [{ use: 'packets-standard', enabled: false }] },
    ids: minimal.filter((id) => id !== 'packets-standard'),
    displaced: [{ id: 'packets-standard', preset: p2 }],
  },
  {
    title: 'enabled: false for what no preset brought is no error',
    config: { extends: [p2], plugins: [{ use: 'dialer', enabled: false }] },
    ids: minimal,
  },
  {
    title: 'enabled: false does not load: neither a path nor a package',
    config: {
      extends: [p2],
      plugins: [
        { use: './nothing.ts', enabled: false },
        { use: 'nothing', enabled: false },
      ],
    },
    ids: minimal,
  },
  {
    title: 'enabled: false does not displace',
    config: { extends: [p2], plugins: [{ use: make('mine', ['trust']), enabled: false }] },
    ids: minimal,
  },
  {
    title: 'a provider in the file displaces the one of the preset',
    config: { extends: [p2], plugins: [make('mine', ['trust'])] },
    ids: ['transport-tcp', 'wire-binary', 'packets-standard', 'identity-default', 'mine'],
    displaced: [{ id: 'trust-incoming', preset: p2, by: 'mine', capability: 'trust' }],
  },
  {
    title: 'the same built-in under an id of its own displaces it too',
    config: { extends: [p2], plugins: [{ use: 'trust-incoming', id: 'strict' }] },
    ids: ['transport-tcp', 'wire-binary', 'packets-standard', 'identity-default', 'strict'],
    displaced: [{ id: 'trust-incoming', preset: p2, by: 'strict', capability: 'trust' }],
  },
  {
    title: 'another plugin under the id of one of the preset takes its place',
    config: { extends: [p2], plugins: [{ use: make('mine', ['trust']), id: 'trust-incoming' }] },
    ids: minimal,
    displaced: [{ id: 'trust-incoming', preset: p2, by: 'trust-incoming' }],
  },
  {
    title: 'one plugin may displace several',
    config: { extends: [p2], plugins: [make('mine', ['trust', 'identity'])] },
    ids: ['transport-tcp', 'wire-binary', 'packets-standard', 'mine'],
    displaced: [
      { id: 'trust-incoming', preset: p2, by: 'mine', capability: 'trust' },
      { id: 'identity-default', preset: p2, by: 'mine', capability: 'identity' },
    ],
  },
  { title: 'the same preset twice is that preset', config: { extends: [p2, p2] }, ids: minimal },
  {
    title: 'two instances need two ids',
    config: { plugins: [...base, { use: 'dialer', id: 'a' }, { use: 'dialer', id: 'b' }] },
    ids: [...base, 'a', 'b'],
  },

  {
    title: 'providers live before those that require them',
    config: { plugins: [make('user', [], ['x', 'y']), make('y', ['y'], ['x']), ...base, make('x', ['x'])] },
    ids: ['x', 'y', 'user', ...base],
  },
  {
    title: 'the order of the config breaks ties',
    config: { plugins: [make('c'), make('b', [], ['trust']), ...base, make('a')] },
    ids: ['c', 'trust-incoming', 'b', 'wire-binary', 'a'],
  },
]

describe('the entries of presets and file', () => {
  for (const { title, config, ids, displaced = [] } of cases) {
    it(title, async () => {
      const composition = await compose(config, { cwd })
      expect(composition.plugins.map(({ id }) => id)).to.deep.equal(ids)
      expect(composition.displaced).to.deep.equal(displaced)
    })
  }

  it('say where each plugin came from', async () => {
    const { plugins } = await compose({ extends: [p2], plugins: ['wire-binary', make('mine')] }, { cwd })
    const from = plugins.map(({ id, use, origin, preset, path }) => [id, use, origin, preset, path])
    expect(from).to.deep.include.members([
      ['transport-tcp', 'transport-tcp', 'preset', p2, 'p2pnet:minimal/0'],
      ['wire-binary', 'wire-binary', 'file', undefined, '/plugins/0'],
      ['mine', '(object)', 'file', undefined, '/plugins/1'],
    ])
  })

  it('replace options as a whole, and never change the preset itself', async () => {
    const before = structuredClone(presets)
    const options = async (config: Config) =>
      (await compose(config, { cwd })).plugins.find(({ id }) => id === 'trust-incoming')?.options
    const classic: Config = { extends: ['p2pnet:classic'] }
    expect(await options(classic)).to.include({ trustedLevel: 'pinged' })
    const replaced = await options({
      ...classic,
      plugins: [{ use: 'trust-incoming', options: { blockedIPs: ['10.0.0.1'] } }],
    })
    expect(replaced).to.deep.include({ trustedLevel: 'authenticated', blockedIPs: ['10.0.0.1'] })
    expect(presets).to.deep.equal(before)
  })
})
