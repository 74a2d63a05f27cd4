// What a bad config gets: code, path, plugin, words with a suggestion and a remedy, and nothing opened.
import { chmod, readdir, symlink } from 'node:fs/promises'
import { expect } from 'chai'
import { compose } from '../../../core/config/compose.ts'
import { isP2PNetError, type P2PNetError } from '../../../core/errors.ts'
import { Scratch, type Files } from '../../support/scratch.ts'

interface Case {
  readonly title: string
  /** A config in JSON, or files one of which is found. */
  readonly config?: unknown
  readonly files?: Files
  /** Given as --config would be; else it is searched. */
  readonly load?: string
  readonly code: string
  readonly path?: string
  readonly plugin?: string
  /** Part of the message: what is wrong, and what may have been meant. */
  readonly says: string | RegExp
  /** Part of the remedy, where it is of this very error. */
  readonly remedy?: string
}

const minimal = { extends: ['p2pnet:minimal'] }
const plugin = (body: string) => `import { definePlugin } from 'p2pnet'\nexport default definePlugin({ ${body} })\n`
const whole = (name: string, more = '') => plugin(`name: '${name}', version: '1.0.0', api: 1, setup() {}, ${more}`)
const using = (...plugins: unknown[]) => ({ ...minimal, plugins })
const withPlugin = (source: string, entry: unknown = './plugin.ts') => ({
  'p2pnet.config.json': JSON.stringify(using(entry)),
  'plugin.ts': source,
})

const cases: readonly Case[] = [
  // the file
  {
    title: 'no config at all',
    files: { 'package.json': '{}' },
    code: 'E_CONFIG_NOT_FOUND',
    says: 'p2pnet.config.ts',
    remedy: 'p2pnet init',
  },
  { title: 'a path to nothing', files: {}, load: 'no.json', code: 'E_CONFIG_NOT_FOUND', says: 'there is no no.json' },
  {
    title: 'a directory',
    files: { 'dir/x': '' },
    load: 'dir',
    code: 'E_CONFIG_NOT_FOUND',
    says: 'dir cannot be read: EISDIR',
  },
  {
    title: 'another kind of file',
    files: { 'a.toml': 'x = 1' },
    load: 'a.toml',
    code: 'E_CONFIG_SYNTAX',
    says: 'not .toml',
  },
  {
    title: 'an empty file',
    files: { 'p2pnet.config.json': ' \n' },
    code: 'E_CONFIG_INVALID',
    path: '',
    says: 'p2pnet.config.json is empty',
  },
  {
    title: 'bad JSON',
    files: { 'p2pnet.config.json': '{\n  "network": {,}\n}' },
    code: 'E_CONFIG_SYNTAX',
    says: /^p2pnet\.config\.json:2:15: /,
  },
  {
    title: 'JSON that breaks off',
    files: { '.p2pnetrc.json': '{\n "a": [1' },
    code: 'E_CONFIG_SYNTAX',
    says: /^\.p2pnetrc\.json:2:\d+: /,
  },
  {
    title: 'bad JSON in package.json',
    files: { 'package.json': '{ "p2pnet": }' },
    code: 'E_CONFIG_SYNTAX',
    says: 'package.json:1:14: ',
  },
  {
    title: 'bad YAML',
    files: { 'p2pnet.config.yaml': 'network:\n  port: 1\n port: 2\n' },
    code: 'E_CONFIG_SYNTAX',
    says: 'p2pnet.config.yaml:3:',
  },
  {
    title: 'bad TS',
    files: { 'p2pnet.config.ts': 'const a: number = 1\nexport default { a,, }\n' },
    code: 'E_CONFIG_SYNTAX',
    says: 'p2pnet.config.ts:2:',
  },
  {
    title: 'bad JS',
    files: { 'p2pnet.config.mjs': 'export default {\n  a: 1 2\n}\n' },
    code: 'E_CONFIG_SYNTAX',
    says: 'p2pnet.config.mjs:2:',
  },
  {
    title: 'code that throws',
    files: { 'p2pnet.config.ts': "\nthrow new Error('boom')\n" },
    code: 'E_CONFIG_INVALID',
    says: 'boom (line 2)',
  },
  {
    title: 'no default export',
    files: { 'p2pnet.config.ts': 'export const config = {}\n' },
    code: 'E_CONFIG_INVALID',
    path: '',
    says: 'no default export',
    remedy: 'export default',
  },
  {
    title: 'no object',
    files: { 'p2pnet.config.json': '[]' },
    code: 'E_CONFIG_INVALID',
    path: '',
    says: 'must be an object, got an empty array',
  },
  {
    title: 'YAML that contains itself',
    files: { 'p2pnet.config.yaml': 'network: &a\n  x: *a\n' },
    code: 'E_CONFIG_INVALID',
    path: '/network/x',
    says: 'contains itself',
  },
  {
    title: 'nesting without end',
    files: { 'p2pnet.config.json': '['.repeat(9999) + ']'.repeat(9999) },
    code: 'E_CONFIG_INVALID',
    path: '/0'.repeat(64),
    says: 'nested more than 64 deep',
  },

  // keys and values
  {
    title: 'an unknown key',
    config: { ...minimal, netwrok: {} },
    code: 'E_CONFIG_INVALID',
    path: '/netwrok',
    says: 'did you mean "network"?',
  },
  {
    title: 'an unknown key below',
    config: { ...minimal, network: { prot: 1 } },
    code: 'E_CONFIG_INVALID',
    path: '/network/prot',
    says: 'did you mean "port"?',
  },
  {
    title: 'an unknown key two below',
    config: { ...minimal, logging: { categories: { Lan: 'info' } } },
    code: 'E_CONFIG_INVALID',
    path: '/logging/categories/Lan',
    says: 'did you mean "LAN"?',
  },
  {
    title: 'an unknown key of an entry',
    config: using({ use: 'dialer', option: {} }),
    code: 'E_CONFIG_INVALID',
    path: '/plugins/0/option',
    says: 'did you mean "options"?',
  },
  {
    title: 'a key with slashes',
    config: { ...minimal, 'a/b~c': 1 },
    code: 'E_CONFIG_INVALID',
    path: '/a~1b~0c',
    says: 'not a known key',
  },
  {
    title: 'a wrong type',
    config: { ...minimal, network: { port: '80' } },
    code: 'E_CONFIG_INVALID',
    path: '/network/port',
    says: 'must be an integer, got string "80"',
  },
  {
    title: 'a number out of range',
    config: { ...minimal, network: { port: 65536 } },
    code: 'E_CONFIG_INVALID',
    path: '/network/port',
    says: 'must be <= 65535, got number 65536',
  },
  {
    title: 'a limit that is no number',
    config: { ...minimal, limits: { perAddress: 'unlimted' } },
    code: 'E_CONFIG_INVALID',
    path: '/limits/perAddress',
    says: 'must be an integer >= 1 or "unlimited"',
  },
  {
    title: 'a word that is none of those',
    config: { ...minimal, logging: { level: 'wran' } },
    code: 'E_CONFIG_INVALID',
    path: '/logging/level',
    says: 'did you mean "warn"?',
  },
  {
    title: 'an entry that uses nothing',
    config: using({ options: {} }),
    code: 'E_CONFIG_INVALID',
    path: '/plugins/0/use',
    says: 'is missing',
  },
  {
    title: 'an entry that is a number',
    config: using(7),
    code: 'E_CONFIG_INVALID',
    path: '/plugins/0',
    says: 'must be a string or an object, got number 7',
  },
  {
    title: 'a use that is a number',
    config: using({ use: 7 }),
    code: 'E_CONFIG_INVALID',
    path: '/plugins/0/use',
    says: 'must be a name, a package, a path or a plugin object',
  },
  {
    title: '__proto__ in JSON',
    files: { 'p2pnet.config.json': '{ "network": { "__proto__": { "port": 1 } } }' },
    code: 'E_CONFIG_INVALID',
    path: '/network/__proto__',
    says: 'not allowed',
  },
  {
    title: '__proto__ in YAML',
    files: { 'p2pnet.config.yaml': '__proto__:\n  network: {}\n' },
    code: 'E_CONFIG_INVALID',
    path: '/__proto__',
    says: 'not allowed',
  },
  {
    title: '__proto__ in TS',
    files: { 'p2pnet.config.ts': 'export default { plugins: [{ __proto__: { use: "dialer" } }] }' },
    code: 'E_CONFIG_INVALID',
    path: '/plugins/0/__proto__',
    says: 'not allowed',
  },

  // presets and plugins
  {
    title: 'an unknown preset',
    config: { extends: ['p2pnet:recomended'] },
    code: 'E_PRESET_UNKNOWN',
    path: '/extends/0',
    says: 'did you mean "p2pnet:recommended"?',
    remedy: 'p2pnet:minimal',
  },
  {
    title: 'a misspelt built-in',
    config: using('discovry-lan'),
    code: 'E_PLUGIN_NOT_FOUND',
    path: '/plugins/0',
    plugin: 'discovry-lan',
    says: 'did you mean "discovery-lan"?',
  },
  {
    title: 'a package that is not there',
    config: using({ use: '@acme/p2pnet-plugin-x/sub' }),
    code: 'E_PLUGIN_NOT_FOUND',
    path: '/plugins/0',
    plugin: '@acme/p2pnet-plugin-x/sub',
    says: 'no plugin "@acme/p2pnet-plugin-x/sub"',
    remedy: 'npm install @acme/p2pnet-plugin-x`',
  },
  {
    title: 'a path to no file',
    config: using('./nothing.ts'),
    code: 'E_PLUGIN_NOT_FOUND',
    path: '/plugins/0',
    plugin: './nothing.ts',
    says: 'nothing.ts',
    remedy: 'relative to the config file',
  },
  {
    title: 'a module of Node',
    config: using('node:fs'),
    code: 'E_PLUGIN_NOT_FOUND',
    path: '/plugins/0',
    plugin: 'node:fs',
    says: 'no plugin "node:fs"',
  },
  {
    title: 'a package that throws',
    files: {
      'p2pnet.config.json': JSON.stringify(using('p2pnet-plugin-bad')),
      'node_modules/p2pnet-plugin-bad/package.json': '{ "type": "module", "exports": { "import": "./i.js" } }',
      'node_modules/p2pnet-plugin-bad/i.js': "\n\nthrow new Error('bang')\n",
    },
    code: 'E_PLUGIN_LOAD',
    path: '/plugins/0',
    plugin: 'p2pnet-plugin-bad',
    says: 'bang (line 3)',
  },
  {
    title: 'a plugin that does not parse',
    files: withPlugin('export default {\n'),
    code: 'E_PLUGIN_LOAD',
    path: '/plugins/0',
    plugin: './plugin.ts',
    says: 'plugin.ts:2',
  },
  {
    title: 'a plugin without default export',
    files: withPlugin("export const plugin = 'x'\n"),
    code: 'E_PLUGIN_INVALID',
    path: '/plugins/0',
    says: 'no default export',
    remedy: 'export default definePlugin',
  },
  {
    title: 'a factory instead of a plugin',
    files: withPlugin('export default () => ({})\n'),
    code: 'E_PLUGIN_INVALID',
    path: '/plugins/0',
    says: 'call the function',
  },
  {
    title: 'a plain object',
    files: withPlugin("export default { name: 'x', api: 1, setup() {} }\n"),
    code: 'E_PLUGIN_INVALID',
    path: '/plugins/0',
    plugin: 'x',
    says: 'definePlugin()',
  },
  {
    title: 'a plugin without a name',
    files: withPlugin(plugin('api: 1, setup() {}')),
    code: 'E_PLUGIN_INVALID',
    path: '/plugins/0',
    says: 'has no name',
  },
  {
    title: 'a name that is a number',
    files: withPlugin(plugin('name: 3, api: 1, setup() {}')),
    code: 'E_PLUGIN_INVALID',
    path: '/plugins/0',
    says: 'number 3',
  },
  {
    title: 'a plugin of another api',
    files: withPlugin(plugin("name: 'x', api: 2, setup() {}")),
    code: 'E_PLUGIN_INVALID',
    path: '/plugins/0',
    plugin: 'x',
    says: 'plugin api 2; this host speaks 1',
  },
  {
    title: 'a plugin of no api',
    files: withPlugin(plugin("name: 'x', setup() {}")),
    code: 'E_PLUGIN_INVALID',
    path: '/plugins/0',
    plugin: 'x',
    says: 'api nothing',
  },
  {
    title: 'a plugin with a ceiling that is no level of trust',
    files: withPlugin(plugin("name: 'x', api: 1, setup() {}, ceiling: 'toString'")),
    code: 'E_PLUGIN_INVALID',
    path: '/plugins/0',
    plugin: 'x',
    says: 'ceiling that is no level of trust but string "toString"',
  },
  {
    title: 'a plugin without setup',
    files: withPlugin(plugin("name: 'x', api: 1")),
    code: 'E_PLUGIN_INVALID',
    path: '/plugins/0',
    plugin: 'x',
    says: 'no setup()',
  },
  {
    title: 'provides that is a word',
    files: withPlugin(whole('x', "provides: 'files'")),
    code: 'E_PLUGIN_INVALID',
    path: '/plugins/0',
    plugin: 'x',
    says: '`provides`',
  },
  {
    title: 'an open schema',
    files: withPlugin(whole('x', "schema: { type: 'object' }")),
    code: 'E_PLUGIN_INVALID',
    path: '/plugins/0',
    plugin: 'x',
    says: 'additionalProperties',
  },
  {
    title: 'a schema that does not compile',
    files: withPlugin(
      whole('x', "schema: { type: 'object', additionalProperties: false, properties: { a: { type: 'txt' } } }"),
    ),
    code: 'E_PLUGIN_INVALID',
    path: '/plugins/0',
    plugin: 'x',
    says: 'does not compile',
  },

  // options
  {
    title: 'an option out of range',
    config: using({ use: 'transport-tcp', options: { dialMs: 1 } }),
    code: 'E_PLUGIN_OPTIONS',
    path: '/plugins/0/options/dialMs',
    plugin: 'transport-tcp',
    says: 'must be >= 100, got number 1',
    remedy: 'p2pnet plugins',
  },
  {
    title: 'an unknown option',
    config: using({ use: 'transport-tcp', options: { dailMs: 500 } }),
    code: 'E_PLUGIN_OPTIONS',
    path: '/plugins/0/options/dailMs',
    plugin: 'transport-tcp',
    says: 'did you mean "dialMs"?',
  },
  {
    title: 'an option for a plugin that has none',
    files: withPlugin(whole('x'), { use: './plugin.ts', options: { a: 1 } }),
    code: 'E_PLUGIN_OPTIONS',
    path: '/plugins/0/options/a',
    plugin: 'x',
    says: 'none is known here',
  },
  {
    title: 'a missing option',
    files: withPlugin(
      whole('x', "schema: { type: 'object', additionalProperties: false, required: ['a'], properties: { a: {} } }"),
    ),
    code: 'E_PLUGIN_OPTIONS',
    path: '/plugins/0/options/a',
    plugin: 'x',
    says: 'is missing',
  },
  {
    title: 'a union, the alternative meant',
    config: { ...using({ use: 'discovery-lan', options: { interfaces: 'lopback' } }) },
    code: 'E_PLUGIN_OPTIONS',
    path: '/plugins/0/options/interfaces',
    plugin: 'discovery-lan',
    says: 'did you mean "loopback"?',
  },
  {
    title: 'a union, none of the alternatives',
    config: { ...using({ use: 'discovery-lan', options: { interfaces: 5 } }) },
    code: 'E_PLUGIN_OPTIONS',
    path: '/plugins/0/options/interfaces',
    plugin: 'discovery-lan',
    says: 'must be "loopback" or "all", or an array, got number 5',
  },
  {
    title: 'a union, several alternatives of its kind',
    config: { ...using({ use: 'discovery-lan', options: { group: '224.0.0.1' } }) },
    code: 'E_PLUGIN_OPTIONS',
    path: '/plugins/0/options/group',
    plugin: 'discovery-lan',
    says: 'fits none of these, got string "224.0.0.1": IPv4 group of the local scope',
  },
  {
    title: 'a function in JSON',
    config: using({ use: 'trust-incoming', options: { peerTrustHandshake: 'yes' } }),
    code: 'E_PLUGIN_OPTIONS',
    path: '/plugins/0/options/peerTrustHandshake',
    plugin: 'trust-incoming',
    says: 'only a TS or JS config',
  },

  // the composition
  {
    title: 'the same id twice',
    config: using('dialer', { use: 'dialer' }),
    code: 'E_PLUGIN_DUPLICATE',
    path: '/plugins/1',
    plugin: 'dialer',
    says: '/plugins/0 (dialer) and /plugins/1 (dialer)',
  },
  {
    title: 'the same id by choice',
    config: using('dialer', { use: 'distribution', id: 'dialer' }),
    code: 'E_PLUGIN_DUPLICATE',
    path: '/plugins/1',
    plugin: 'dialer',
    says: 'same id',
    remedy: '`id` of its own',
  },
  {
    title: 'two providers in one file',
    config: using('trust-incoming', { use: 'trust-incoming', id: 'mine' }),
    code: 'E_CAPABILITY_TWICE',
    path: '/plugins/1',
    plugin: 'mine',
    says: '/plugins/0 (trust-incoming) and /plugins/1 (mine) both provide trust',
  },
  {
    title: 'a requirement that nobody meets',
    config: using('files-transfer'),
    code: 'E_CAPABILITY_MISSING',
    path: '/plugins/0',
    plugin: 'files-transfer',
    says: 'requires files',
    remedy: 'files-mapped',
  },
  {
    title: 'no policy of trust',
    config: { plugins: ['wire-binary'] },
    code: 'E_CAPABILITY_MISSING',
    path: '/plugins',
    says: 'nothing provides trust',
    remedy: 'trust-incoming',
  },
  {
    title: 'a policy of trust taken out',
    config: using({ use: 'trust-incoming', enabled: false }),
    code: 'E_CAPABILITY_MISSING',
    path: '/plugins',
    says: 'nothing provides trust',
    remedy: 'trust-incoming',
  },
  {
    title: 'no wire',
    config: { plugins: ['trust-incoming'] },
    code: 'E_CAPABILITY_MISSING',
    path: '/plugins',
    says: 'nothing provides wire',
    remedy: 'wire-binary',
  },
  {
    title: 'a circle',
    files: {
      'p2pnet.config.json': JSON.stringify(using('./a.ts', './b.ts', './c.ts')),
      'a.ts': whole('a', "provides: ['a'], requires: ['b']"),
      'b.ts': whole('b', "provides: ['b'], requires: ['c']"),
      'c.ts': whole('c', "provides: ['c'], requires: ['a']"),
    },
    code: 'E_PLUGIN_CYCLE',
    path: '/plugins/0',
    plugin: 'a',
    says: 'a requires b of b, b requires c of c, c requires a of a',
  },
  {
    title: 'a circle of one',
    files: withPlugin(whole('a', "provides: ['a'], requires: ['a']")),
    code: 'E_PLUGIN_CYCLE',
    path: '/plugins/0',
    plugin: 'a',
    says: 'a requires a of a',
  },
]

async function errorsOf(cwd: string, config?: string): Promise<readonly P2PNetError[]> {
  try {
    await compose(config, { cwd })
  } catch (error) {
    expect(isP2PNetError(error), `a coded error, not ${String(error)}`).to.be.true
    const { errors } = error as { errors?: readonly P2PNetError[] }
    expect(errors?.[0]).to.equal(error)
    return errors ?? []
  }
  throw new Error('the config composes')
}

describe('a bad config', () => {
  let scratch: Scratch
  beforeEach(async () => (scratch = await Scratch.make()))
  afterEach(() => scratch.remove())

  for (const { title, config, files, load, code, path, plugin, says, remedy } of cases) {
    it(`${title} is ${code}${path === undefined ? '' : ` at ${JSON.stringify(path)}`}`, async () => {
      const written = files ?? { 'p2pnet.config.json': JSON.stringify(config) }
      await scratch.write(written)
      const before = await readdir(scratch.path)
      const [error, ...rest] = await errorsOf(scratch.path, load)
      expect(error).to.include({ code })
      expect(error?.path).to.equal(path)
      expect(error?.plugin).to.equal(plugin)
      if (typeof says === 'string') expect(error?.message).to.include(says)
      else expect(error?.message).to.match(says)
      expect(error?.remedy).to.be.a('string').that.is.not.empty
      if (remedy !== undefined) expect(error?.remedy).to.include(remedy)
      expect(rest, 'one mistake is one error').to.deep.equal([])
      expect(await readdir(scratch.path), 'nothing was made').to.deep.equal(before)
      expect(error?.message, 'the file is named').to.match(/p2pnet|package\.json|config|dir|toml|no\.json/)
    })
  }

  it('of which nobody may read the file says so, instead of taking the next one', async function () {
    if (process.getuid?.() === 0) this.skip() // root reads everything
    await scratch.write({ 'a/p2pnet.config.json': '{}', 'p2pnet.config.json': '{}' })
    await chmod(scratch.at('a/p2pnet.config.json'), 0)
    const [error] = await errorsOf(scratch.at('a'))
    expect(error).to.include({ code: 'E_CONFIG_NOT_FOUND' })
    expect(error?.message).to.include('cannot be read: EACCES')
  })

  it('that is a link to itself cannot be read', async () => {
    await symlink('p2pnet.config.json', scratch.at('p2pnet.config.json'))
    const [error] = await errorsOf(scratch.path)
    expect(error).to.include({ code: 'E_CONFIG_NOT_FOUND' })
    expect(error?.message).to.include('p2pnet.config.json cannot be read: ELOOP')
  })

  it('gets all its mistakes told at once, the envelope first', async () => {
    const config = {
      extends: ['p2pnet:minimal'],
      network: { port: -1, x: 1 },
      plugins: ['nope', { use: 'dialer', options: { y: 1 } }],
    }
    await scratch.write({ 'p2pnet.config.json': JSON.stringify(config) })
    const found = (await errorsOf(scratch.path)).map(({ code, path }) => `${code} ${String(path)}`)
    expect(found).to.deep.equal([
      'E_CONFIG_INVALID /network/x',
      'E_CONFIG_INVALID /network/port',
      'E_PLUGIN_NOT_FOUND /plugins/0',
      'E_PLUGIN_OPTIONS /plugins/1/options/y',
    ])
  })
})
