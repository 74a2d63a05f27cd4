// What init, check, explain and plugins say, in words and in JSON, and that they open nothing.
import { readdir, readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { compose } from '../../../core/config/compose.ts'
import type { Explanation } from '../../../core/config/explain.ts'
import { controlAddress } from '../../../plugins/server/control/address.ts'
import { Scratch } from '../../support/scratch.ts'
import { TestShell } from '../../support/test-shell.ts'

describe('a command', () => {
  let scratch: Scratch
  let shell: TestShell
  beforeEach(async () => {
    scratch = await Scratch.make()
    shell = new TestShell(scratch.path)
  })
  afterEach(() => scratch.remove())

  describe('init', () => {
    it('writes a config that is good, in an empty directory, and says what to run next', async () => {
      expect(await shell.run('init')).to.equal(0)
      expect(shell.out).to.include('p2pnet.config.ts').and.include('npx p2pnet start')
      expect(await readdir(scratch.path)).to.deep.equal(['p2pnet.config.ts'])
      const { plugins } = await compose(undefined, { cwd: scratch.path })
      expect(plugins.map(({ id }) => id)).to.include.members(['trust-incoming', 'discovery-lan', 'files-transfer'])
    })

    it('writes one whose every comment that is code is good too', async () => {
      await shell.run('init')
      const text = await readFile(scratch.at('p2pnet.config.ts'), 'utf8')
      const code = text.replace(/^( *)\/\/ (logging:|limits:|\{ use: 'trust|\{ use: 'files)/gm, '$1$2')
      expect(code).to.not.equal(text)
      await scratch.write({ 'p2pnet.config.ts': code })
      const { config } = await compose(undefined, { cwd: scratch.path })
      expect(config.logging.emitConsoleMessages).to.equal(true)
    })

    for (const there of ['p2pnet.config.ts', 'p2pnet.config.json', '.p2pnetrc']) {
      it(`leaves ${there} alone`, async () => {
        await scratch.write({ [there]: 'mine' })
        expect(await shell.run('init', '--json')).to.equal(1)
        expect(shell.lines[0]?.error).to.include({ code: 'E_CONFIG_EXISTS' })
        expect(await readFile(scratch.at(there), 'utf8')).to.equal('mine')
        expect(await readdir(scratch.path)).to.deep.equal([there])
      })
    }

    it('writes elsewhere with --config, and only there', async () => {
      await scratch.write({ 'p2pnet.config.json': '{}' })
      expect(await shell.run('init', '--config', 'other.ts', '--json')).to.equal(0)
      expect(shell.lines[0]).to.include({ written: scratch.at('other.ts') })
      expect(await shell.run('init', '--config', 'other.ts')).to.equal(1)
      expect(await shell.run('init', '--config', 'other.json')).to.equal(2)
      expect(await shell.run('init', '--config', 'no/where.ts')).to.equal(1)
    })
  })

  describe('check', () => {
    it('says ok and how many plugins, and makes nothing', async () => {
      await scratch.write({ 'p2pnet.config.json': '{ "extends": ["p2pnet:recommended"] }' })
      expect(await shell.run('check')).to.equal(0)
      expect(shell.out).to.equal(`ok: ${scratch.at('p2pnet.config.json')} composes 13 plugins\n`)
      expect(await readdir(scratch.path)).to.deep.equal(['p2pnet.config.json'])
    })

    const trusting = (...plugins: unknown[]) => ({ extends: ['p2pnet:minimal'], plugins })
    const policy = (trustedLevel: string) => ({ use: 'trust-incoming', options: { trustedLevel } })
    const reaches: { name: string; config: object; warning?: RegExp; tells: string }[] = [
      {
        name: 'has no handshake',
        config: trusting(),
        warning: /^nobody ever becomes trusted: no plugin answers trust\.handshake/,
        tells: 'lead to unknown, and authenticated is trusted',
      },
      {
        name: 'pings, and trusts what is proved',
        config: trusting('handshake-ping'),
        warning: /^nobody ever becomes trusted: handshake-ping leads to pinged at most/,
        tells: 'lead to pinged, and authenticated is trusted',
      },
      {
        name: 'proves over TCP, and trusts protected channels',
        config: trusting('identity-key', 'handshake-key'),
        warning: /^only peers that you authorize become trusted: handshake-key leads to identified at most/,
        tells: 'lead to identified, and authenticated is trusted',
      },
      {
        name: 'proves over TCP, and trusts that',
        config: trusting('identity-key', 'handshake-key', policy('identified')),
        tells: 'lead to identified, and identified is trusted',
      },
      {
        name: 'trusts whom the operator lists',
        config: trusting('identity-key', 'handshake-key', policy('authorized')),
        tells: 'lead to identified, and authorized is trusted',
      },
      {
        name: 'is of the classic preset',
        config: { extends: ['p2pnet:classic'] },
        tells: 'lead to pinged, and pinged',
      },
      {
        name: 'has a handshake that does not say',
        config: trusting('./mine.ts'),
        tells: 'lead to what a plugin does not tell',
      },
    ]
    const silentHandshake = `import { definePlugin } from 'p2pnet'
      export default definePlugin({ name: 'mine', version: '1.0.0', api: 1,
        setup(ctx) { ctx.hooks.trust.handshake.tap(() => undefined) } })`
    for (const { name, config, warning, tells } of reaches)
      it(`${warning === undefined ? 'is content with' : 'warns of'} a node that ${name}, and explain tells the same`, async () => {
        await scratch.write({ 'p2pnet.config.json': JSON.stringify(config), 'mine.ts': silentHandshake })
        expect(await shell.run('check', '--json')).to.equal(0)
        const [first = '', ...more] = shell.lines[0]?.warnings as string[]
        expect(more).to.deep.equal([])
        expect(first).to.match(warning ?? /^$/)
        expect(await shell.run('check')).to.equal(0)
        expect(shell.err).to.equal(warning === undefined ? '' : `warning: ${first}\n`)
        expect(await shell.run('explain')).to.equal(0)
        expect(shell.out).to.include(tells).and.to.include(first)
      })

    it('tells every error, with path, plugin and remedy', async () => {
      const config = {
        extends: ['p2pnet:minimal'],
        network: { prot: 1 },
        plugins: [{ use: 'dialer', options: { queu: 1 } }],
      }
      await scratch.write({ 'p2pnet.config.json': JSON.stringify(config) })
      expect(await shell.run('check', '--json')).to.equal(1)
      const [{ error, errors }] = shell.lines as unknown as [{ error: object; errors: Record<string, string>[] }]
      expect(error).to.deep.equal(errors[0])
      expect(errors.map(({ code, path, plugin }) => [code, path, plugin])).to.deep.equal([
        ['E_CONFIG_INVALID', '/network/prot', undefined],
        ['E_PLUGIN_OPTIONS', '/plugins/0/options/queu', 'dialer'],
      ])
      for (const { message, remedy } of errors) {
        expect(message).to.include('did you mean')
        expect(remedy).to.not.equal('')
      }
      expect(await shell.run('check')).to.equal(1)
      expect(shell.err.match(/^error /gm)).to.have.lengthOf(2)
    })

    it('finds what only setup() refuses, with the path of the entry', async () => {
      const config = {
        extends: ['p2pnet:minimal'],
        plugins: [{ use: 'trust-incoming', id: 'doorkeeper', options: { blockedIPs: ['10.0.0.0/8', 'nobody'] } }],
      }
      await scratch.write({ 'p2pnet.config.json': JSON.stringify(config) })
      expect(await shell.run('check', '--json')).to.equal(1)
      expect(shell.lines[0]?.error).to.include({
        code: 'E_PLUGIN_OPTIONS',
        plugin: 'doorkeeper',
        path: '/plugins/0/options/blockedIPs/1',
        message:
          'p2pnet.config.json: /plugins/0/options/blockedIPs/1 of plugin doorkeeper must be an address or a range, got "nobody"',
      })
    })

    it('tells of a setup that fails where its entry stands', async () => {
      await scratch.write({
        'p2pnet.config.json': '{ "extends": ["p2pnet:minimal"], "plugins": ["./mine.ts"] }',
        'mine.ts': `import { definePlugin } from 'p2pnet'
          export default definePlugin({ name: 'mine', version: '1.0.0', api: 1, setup() { throw new Error('no') } })`,
      })
      expect(await shell.run('check', '--json')).to.equal(1)
      expect(shell.lines[0]?.error).to.include({
        code: 'E_PLUGIN_SETUP',
        plugin: 'mine',
        path: '/plugins/0',
        message: 'p2pnet.config.json: /plugins/0: plugin mine failed in setup: no',
      })
    })

    it('refuses an environment that makes no sense', async () => {
      const odd = new TestShell(scratch.path, { P2PNET_PORT: 'http' })
      expect(await odd.run('check', '--json')).to.equal(1)
      expect(odd.lines[0]?.error).to.include({ code: 'E_CONFIG_INVALID', path: '/network/port' })
    })
  })

  describe('explain', () => {
    const config = {
      extends: ['p2pnet:recommended'],
      network: { name: 'here' },
      plugins: [{ use: 'dialer', options: { queue: 9 } }, { use: 'files-transfer', enabled: false }, './mine.ts'],
    }
    const mine = `
      import { definePlugin } from 'p2pnet'
      export default definePlugin({ name: 'mine', version: '2.0.0', api: 1, provides: ['trust'], setup(ctx) {
        ctx.provide('trust', { trusted: () => true, allows: () => undefined, block() {}, unblock() {}, authorize() {}, revoke() {} })
        ctx.hooks.packets.received.for('PureMessage').tap(() => 'handled', { stage: -10 })
      } })`
    beforeEach(() => scratch.write({ 'p2pnet.config.json': JSON.stringify(config), 'mine.ts': mine }))

    it('tells in JSON each value with its source, plugins, hooks, sockets, the wire and memory; and makes nothing', async () => {
      const odd = new TestShell(scratch.path, { P2PNET_PORT: '4321', P2PNET_HOST: '127.0.0.9' })
      expect(await odd.run('explain', '--json', '--host', '127.0.0.2', '--data-dir', 'd')).to.equal(0)
      const { values, plugins, displaced, hooks, sockets, wire, memory } = odd.lines[0] as unknown as Explanation
      expect(values['/network/name']).to.deep.equal({ value: 'here', source: 'file' })
      expect(values['/network/port']).to.deep.equal({ value: 4321, source: 'environment' })
      expect(values['/network/host']).to.deep.equal({ value: '127.0.0.2', source: 'flag' })
      expect(values['/network/dataDir']).to.deep.equal({ value: scratch.at('d'), source: 'flag' })
      expect(values['/limits/perAddress']).to.deep.equal({ value: 8, source: 'default' })
      expect(values['/plugins/dialer/options/queue']).to.deep.equal({ value: 9, source: 'file' })
      expect(values['/plugins/transport-tls/options/noDelay']).to.deep.equal({ value: true, source: 'default' })
      expect(plugins.find(({ id }) => id === 'mine')).to.deep.equal({
        id: 'mine',
        name: 'mine',
        version: '2.0.0',
        use: './mine.ts',
        path: '/plugins/2',
        origin: 'file',
        provides: ['trust'],
        requires: [],
      })
      expect(displaced).to.deep.equal([
        { id: 'files-transfer', preset: 'p2pnet:recommended' },
        { id: 'trust-incoming', preset: 'p2pnet:recommended', by: 'mine', capability: 'trust' },
      ])
      const ofMessages = hooks['packets.received']?.filter(({ key }) => key === 'PureMessage')
      expect(ofMessages).to.deep.equal([
        { plugin: 'mine', stage: -10, key: 'PureMessage' },
        { plugin: 'packets-standard', stage: 0, key: 'PureMessage' },
      ])
      expect(sockets).to.deep.include({ plugin: 'transport-tls', protocol: 'tcp', host: '127.0.0.2', port: 4321 })
      const ports = sockets.map((socket) => (socket.protocol === 'local' ? socket.path : socket.port))
      expect(ports).to.include.members([8001, 8002, 8003])
      const planned = sockets.find(({ plugin }) => plugin === 'server-control')
      const where =
        process.platform === 'win32' ? 'a named pipe, named after the data directory' : controlAddress(scratch.at('d'))
      expect(planned).to.deep.equal({ plugin: 'server-control', protocol: 'local', path: where })
      expect(wire.map(({ plugin }) => plugin)).to.deep.equal(['transport-tls', 'handshake-key', 'discovery-lan'])
      expect(memory.worstCaseBytes).to.equal(
        256 * (4194304 + 524288 + 2 * 1048576 + 131072) +
          32 * (131072 + 2 * 65536) +
          32 * 131072 +
          5000 * 7168 +
          1000 * 1024 +
          4096 * 512 +
          17 * 65536,
      )
      expect((await readdir(scratch.path)).sort()).to.deep.equal(['mine.ts', 'p2pnet.config.json'])
    })

    it('tells people the same in tables, the defaults with --all', async () => {
      expect(await shell.run('explain')).to.equal(0)
      for (const words of [
        'Plugins, in order of life',
        'Left out',
        'mine provides trust',
        'any free',
        'control.sock',
        '8 with one address, loopback too',
        'GiB',
        '/network/name',
      ])
        expect(shell.out).to.include(words)
      expect(shell.out).to.not.include('/limits/perAddress')
      expect(await shell.run('explain', '--all')).to.equal(0)
      expect(shell.out).to.include('/limits/perAddress')
    })

    it('knows when there is no worst case', async () => {
      await scratch.write({
        'p2pnet.config.json': '{ "extends": ["p2pnet:minimal"], "limits": { "knownPeers": "unlimited" } }',
      })
      expect(await shell.run('explain', '--json')).to.equal(0)
      expect((shell.lines[0] as unknown as Explanation).memory.worstCaseBytes).to.equal('unlimited')
    })
  })

  describe('plugins', () => {
    it('lists built-ins with what they provide and their options', async () => {
      expect(await shell.run('plugins')).to.equal(0)
      for (const words of [
        'trust-incoming (built-in; provides trust)',
        'trustedLevel',
        '"authenticated"',
        'dialMs',
        '5000',
      ])
        expect(shell.out).to.include(words)
      expect(await shell.run('plugins', 'transport-tcp', '--json')).to.equal(0)
      const [tcp] = JSON.parse(shell.out.slice(shell.out.indexOf('\n[') + 1)) as [{ options: object[] }]
      expect(tcp).to.include({ name: 'transport-tcp', origin: 'built-in' })
      expect(tcp.options).to.deep.include({
        name: 'dialMs',
        type: 'integer',
        required: false,
        description: 'Longest connect, in ms.',
        default: 5000,
      })
    })

    it('lists those of the config and those installed beside it, broken ones too', async () => {
      const plugin = (name: string) =>
        `export default { name: '${name}', version: '1', api: 1, setup() {}, [Symbol.for('p2pnet.plugin')]: 1 }`
      await scratch.write({
        'p2pnet.config.json': '{ "extends": ["p2pnet:minimal"], "plugins": ["./own.ts", "p2pnet-plugin-named"] }',
        'own.ts': plugin('own'),
        'node_modules/p2pnet-plugin-named/package.json': '{ "type": "module", "exports": "./i.js" }',
        'node_modules/p2pnet-plugin-named/i.js': plugin('p2pnet-plugin-named'),
        'node_modules/@x/p2pnet-plugin-found/package.json': '{ "type": "module", "exports": "./i.js" }',
        'node_modules/@x/p2pnet-plugin-found/i.js': plugin('@x/p2pnet-plugin-found'),
        'node_modules/p2pnet-plugin-broken/package.json': '{ "type": "module", "exports": "./i.js" }',
        'node_modules/p2pnet-plugin-broken/i.js': "throw new Error('bang')",
      })
      expect(await shell.run('plugins', '--json')).to.equal(0)
      const listed = shell.lines[0] as unknown as { name: string; origin: string; error?: string }[]
      const others = listed.filter(({ origin }) => origin !== 'built-in').map(({ name, origin }) => [name, origin])
      expect(others).to.deep.equal([
        ['own', 'config'],
        ['p2pnet-plugin-named', 'config'],
        ['@x/p2pnet-plugin-found', 'installed'],
        ['p2pnet-plugin-broken', 'installed'],
      ])
      expect(listed.at(-1)?.error).to.include('bang')
    })

    it('suggests a name', async () => {
      expect(await shell.run('plugins', 'trust-incomin')).to.equal(1)
      expect(shell.err).to.include('did you mean "trust-incoming"?')
    })
  })
})
