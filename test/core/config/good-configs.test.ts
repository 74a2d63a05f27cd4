// A config in each of its forms composes the same node; what a config holds besides data survives; plugins come from
// paths and packages, seen from the config file.
import { expect } from 'chai'
import { compose } from '../../../core/config/compose.ts'
import { searchPlaces } from '../../../core/config/load.ts'
import { definePlugin, P2PNetError, type Config } from '../../../core/index.ts'
import { Scratch, type Files } from '../../support/scratch.ts'

const js = "export default { extends: ['p2pnet:minimal'], network: { name: 'here', port: 7 } }\n"
const json = '{ "extends": ["p2pnet:minimal"], "network": { "name": "here", "port": 7 } }'
const yaml = 'extends: [p2pnet:minimal]\nnetwork:\n  name: here\n  port: 7\n'
const minimal = ['transport-tcp', 'wire-binary', 'packets-standard', 'trust-incoming', 'identity-default']

/** By place: what stands there. */
const forms: Readonly<Record<string, string>> = {
  'p2pnet.config.ts': `import { defineConfig, type Config } from 'p2pnet'\nconst name: string = 'here'\nexport default defineConfig({ extends: ['p2pnet:minimal'], network: { name, port: 7 } } satisfies Config)\n`,
  'p2pnet.config.js': js,
  'p2pnet.config.mjs': `import { defineConfig } from 'p2pnet'\nconst config = await Promise.resolve(${js.slice(15)})\nexport default defineConfig(config)\n`,
  'p2pnet.config.cjs': `const { defineConfig } = require('p2pnet')\nmodule.exports = defineConfig(${js.slice(15).trim()})\n`,
  'p2pnet.config.json': `\uFEFF${json}`,
  'p2pnet.config.yaml': yaml,
  '.p2pnetrc': yaml,
  '.p2pnetrc.json': json,
  '.p2pnetrc.yaml': yaml,
  'package.json': `{ "name": "x", "p2pnet": ${json} }`,
}

describe('a config', () => {
  let scratch: Scratch
  beforeEach(async () => (scratch = await Scratch.make()))
  afterEach(() => scratch.remove())

  const ids = async (files: Files, config?: string | Config, cwd = scratch.path) => {
    await scratch.write(files)
    return (await compose(config, { cwd })).plugins.map(({ id }) => id)
  }

  it('has a case here for each place where it is looked for', () => {
    expect(Object.keys(forms)).to.deep.equal(searchPlaces)
  })

  for (const [name, text] of Object.entries(forms)) {
    it(`composes from ${name}`, async () => {
      await scratch.write({ [name]: text, 'src/deep/x': '' })
      const found = await compose(undefined, { cwd: scratch.at('src/deep') })
      expect(found).to.include({ file: scratch.at(name), directory: scratch.path })
      expect(found.settings).to.include({ name: 'here', port: 7, host: '127.0.0.1', dataDir: scratch.at('.p2pnet') })
      expect(found.plugins.map(({ id }) => id)).to.deep.equal(minimal)
      expect((await compose(name, { cwd: scratch.path })).settings).to.deep.equal(found.settings)
    })
  }

  it('is taken from the nearest directory, in the order of the places, and not from above the package', async () => {
    await scratch.write({ 'p2pnet.config.json': '{}', 'pkg/package.json': '{}', 'pkg/p2pnet.config.yaml': yaml })
    await scratch.write({ 'pkg/.p2pnetrc': '{}', 'pkg/src/x': '', 'other/package.json': '{}' })
    expect((await compose(undefined, { cwd: scratch.at('pkg/src') })).file).to.equal(
      scratch.at('pkg/p2pnet.config.yaml'),
    )
    const above = await compose(undefined, { cwd: scratch.at('other') }).catch((error: unknown) => error)
    expect(above).to.include({ code: 'E_CONFIG_NOT_FOUND' })
  })

  it('may be an object, whose paths are relative to the working directory; it is left as it is', async () => {
    const config: Config = {
      extends: ['p2pnet:minimal'],
      network: { dataDir: 'data' },
      logging: { logToFile: 'a.log' },
    }
    Object.freeze(config.network)
    const before = structuredClone(config)
    const { settings, config: resolved, file } = await compose(config, { cwd: scratch.path })
    expect(settings.dataDir).to.equal(scratch.at('data'))
    expect(resolved.logging.logToFile).to.equal(scratch.at('a.log'))
    expect(file).to.equal(undefined)
    expect(config).to.deep.equal(before)
  })

  it('says where each value came from', async () => {
    await scratch.write({
      'p2pnet.config.json':
        '{ "extends": ["p2pnet:recommended"], "network": { "name": "n" }, "plugins": [{ "use": "dialer", "options": { "queue": 9 } }] }',
    })
    const { sources, settings } = await compose(undefined, {
      cwd: scratch.path,
      dataDir: 'elsewhere',
      overrides: { port: 9 },
      overriddenBy: { port: 'environment' },
    })
    const expected = {
      '/network/name': 'file',
      '/network/host': 'default',
      '/network/port': 'environment',
      '/network/dataDir': 'flag',
      '/network/designatedPorts': 'default',
      '/limits/banMs': 'default',
      '/logging/categories/LAN': 'default',
      '/plugins/dialer/options/queue': 'file',
      '/plugins/dialer/options/concurrent': 'default',
      '/plugins/trust-incoming/options/trustedLevel': 'default',
    }
    for (const [pointer, source] of Object.entries(expected)) expect(sources.get(pointer), pointer).to.equal(source)
    expect(settings).to.include({ port: 9, dataDir: scratch.at('elsewhere') })
  })

  it('keeps functions, and reads "unlimited" as no limit', async () => {
    const peerTrustHandshake = () => undefined
    const { plugins, settings } = await compose(
      {
        extends: ['p2pnet:minimal'],
        limits: { maxConnections: 'unlimited' },
        plugins: [{ use: 'trust-incoming', options: { peerTrustHandshake } }],
      },
      { cwd: scratch.path },
    )
    expect(plugins.find(({ id }) => id === 'trust-incoming')?.options).to.include({
      peerTrustHandshake,
      trustedLevel: 'authenticated',
    })
    expect(settings.limits.maxConnections).to.equal(Infinity)
  })

  it('may hold plugin objects, as `use` or in place of an entry, and each node has options of its own', async () => {
    const schema = {
      type: 'object',
      additionalProperties: false,
      properties: { list: { type: 'array', default: [] } },
    } as const
    const mine = definePlugin<{ list: readonly unknown[] }>({
      name: 'mine',
      version: '1.0.0',
      api: 1,
      schema,
      setup() {},
    })
    const config: Config = {
      extends: ['p2pnet:minimal'],
      plugins: [mine, { use: mine, id: 'again', options: { list: [1] } }],
    }
    const [a, b] = await Promise.all([compose(config, { cwd: scratch.path }), compose(config, { cwd: scratch.path })])
    expect(a.plugins.slice(-2).map(({ id, use }) => [id, use])).to.deep.equal([
      ['mine', '(object)'],
      ['again', '(object)'],
    ])
    expect(a.plugins.at(-1)?.plugin).to.equal(mine)
    expect(a.plugins.at(-2)?.options).to.deep.equal({ list: [] })
    expect(a.plugins.at(-2)?.options).to.not.equal(b.plugins.at(-2)?.options)
    expect(a.plugins.at(-2)?.options).to.be.frozen
  })

  it('names plugins by path, seen from the file: TS and JS, a folder, a name without its ending', async () => {
    const source = (name: string) =>
      `import { definePlugin } from 'p2pnet'\nexport default definePlugin({ name: '${name}', api: 1, version: '1', setup() {} })\n`
    const plugins = [
      './ts.ts',
      '../conf/mjs.mjs',
      './js.js',
      './cjs.cjs',
      './ending',
      './folder',
      scratch.at('absolute.ts'),
      `file://${scratch.at('url.ts')}`,
    ]
    const files = {
      'conf/p2pnet.config.json': JSON.stringify({ extends: ['p2pnet:minimal'], plugins }),
      'conf/ts.ts': `const typed: string = 'yes'\nvoid typed\n${source('ts')}`,
      'conf/mjs.mjs': source('mjs'),
      'conf/js.js': source('js'),
      'conf/cjs.cjs':
        "module.exports = require('p2pnet').definePlugin({ name: 'cjs', api: 1, version: '1', setup() {} })\n",
      'conf/ending.ts': source('ending'),
      'conf/folder/index.ts': source('folder'),
      'absolute.ts': source('absolute'),
      'url.ts': source('url'),
    }
    expect((await ids(files, 'conf/p2pnet.config.json')).slice(minimal.length)).to.deep.equal([
      'ts',
      'mjs',
      'js',
      'cjs',
      'ending',
      'folder',
      'absolute',
      'url',
    ])
  })

  it('names packages, seen from the file: import-only, CommonJS, made of an ES module, and in TS', async () => {
    const brand = "Symbol.for('p2pnet.plugin')"
    const body = (name: string) => `{ name: '${name}', version: '1', api: 1, setup() {}, [${brand}]: 1 }`
    const files = {
      'conf/p2pnet.config.json': JSON.stringify({
        extends: ['p2pnet:minimal'],
        plugins: ['esm', 'cjs', '@s/made', 'ts/sub'],
      }),
      'conf/node_modules/esm/package.json': '{ "type": "module", "exports": { "import": "./i.js" } }',
      'conf/node_modules/esm/i.js': `export default ${body('esm')}\n`,
      'conf/node_modules/cjs/package.json': '{ "main": "i.js" }',
      'conf/node_modules/cjs/i.js': `module.exports = ${body('cjs')}\n`,
      'node_modules/@s/made/package.json': '{ "exports": "./i.cjs" }',
      'node_modules/@s/made/i.cjs': `Object.defineProperty(exports, '__esModule', { value: true })\nexports.default = ${body('made')}\n`,
      'conf/node_modules/ts/package.json': '{ "exports": { "./sub": "./i.ts" } }',
      'conf/node_modules/ts/i.ts': `import { definePlugin } from 'p2pnet'\nexport default definePlugin(${body('ts')} as never)\n`,
    }
    expect((await ids(files, 'conf/p2pnet.config.json')).slice(minimal.length)).to.deep.equal([
      'esm',
      'cjs',
      'made',
      'ts',
    ])
  })

  it('shares its helpers with its plugins: evaluated once, with this very host, and afresh the next time', async () => {
    const count =
      'globalThis.p2pnetTestCount = (globalThis.p2pnetTestCount ?? 0) + 1\nexport const count = globalThis.p2pnetTestCount\n'
    const own =
      "import { definePlugin, P2PNetError } from 'p2pnet'\nimport { count } from './helper.mjs'\nexport default definePlugin({ name: 'own', version: String(count), api: 1, setup() { throw new P2PNetError('E_OWN', 'x') } })\n"
    await scratch.write({
      'p2pnet.config.ts':
        "import { count } from './helper.mjs'\nimport own from './own.js'\nexport default { extends: ['p2pnet:minimal'], network: { name: `n${count}` }, plugins: [own, './other.ts'] }\n",
      'helper.mjs': count,
      'package.json': '{ "type": "module" }',
      'own.js': own,
      'other.ts': own.replace("'own'", "'other'"),
    })
    for (const turn of ['1', '2']) {
      const { settings, plugins } = await compose(undefined, { cwd: scratch.path })
      expect(settings.name).to.equal(`n${turn}`)
      expect(plugins.slice(-2).map(({ plugin }) => plugin.version)).to.deep.equal([turn, turn])
      for (const { plugin } of plugins.slice(-2)) {
        const setUp = () => {
          plugin.setup({} as never, {} as never)
        }
        expect(setUp).to.throw(P2PNetError)
      }
    }
    Reflect.deleteProperty(globalThis, 'p2pnetTestCount')
  })

  it('in JSON with built-in plugins only loads neither jiti nor ajv, pino or systeminformation', async () => {
    const { execFileSync } = await import('node:child_process')
    await scratch.write({ 'p2pnet.config.json': json })
    const root = new URL('../../../', import.meta.url)
    const program = `
      const { compose } = await import(${JSON.stringify(new URL('core/config/compose.ts', root).href)})
      await compose(undefined, { cwd: ${JSON.stringify(scratch.path)} })
      const { createRequire } = await import('node:module')
      const loaded = Object.keys(createRequire(${JSON.stringify(new URL('package.json', root).href)}).cache)
      console.log(JSON.stringify(['cosmiconfig', 'jiti', 'ajv', 'pino', 'systeminformation'].filter((name) => loaded.some((file) => file.includes('/node_modules/' + name + '/')))))`
    const args = ['--conditions=p2pnet-source', '--import=tsx', '--input-type=module', '--eval', program]
    expect(
      JSON.parse(execFileSync(process.execPath, args, { cwd: new URL('.', root), encoding: 'utf8' })),
    ).to.deep.equal(['cosmiconfig'])
  })
})
