// `p2pnet start`: what it tells while the node runs, how it ends, and with which exit code.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { inALine } from '../../../core/cli/start-events.ts'
import { freeUdpPorts } from '../../support/udp.ts'
import { Scratch } from '../../support/scratch.ts'
import { TestShell } from '../../support/test-shell.ts'

const has = (event: string) => (out: string) => out.includes(`{"event":"${event}"`)

const stubborn = `
  import { definePlugin } from 'p2pnet'
  export default definePlugin({ name: 'stubborn', version: '1', api: 1, setup() {}, stop: () => new Promise(() => {}) })`

describe('start', () => {
  let scratch: Scratch
  beforeEach(async () => (scratch = await Scratch.make({ 'package.json': '{}' })))
  afterEach(async () => {
    for (const shell of shells.splice(0)) shell.interrupt() // nothing runs on after a failed test
    await scratch.remove()
  })

  const shells: TestShell[] = []
  const open = (env?: Readonly<Record<string, string>>) => {
    const shell = new TestShell(scratch.path, env)
    shells.push(shell)
    return shell
  }
  const write = (config: object) => scratch.write({ 'p2pnet.config.json': JSON.stringify(config) })

  it('tells of two nodes that find each other, one event a line, and stops cleanly when interrupted', async () => {
    const greeter = `
      import { definePlugin } from 'p2pnet'
      export default definePlugin({ name: 'greeter', version: '1', api: 1, setup(ctx) {
        const greet = (channel) => { channel.post({ type: 'PureMessage', message: 'hello\\u001b[2J' }) }
        ctx.clock.setInterval(() => { ctx.network.trustedChannels.forEach(greet) }, 50)
      } })`
    await scratch.write({ 'greeter.ts': greeter })
    const [port] = await freeUdpPorts(1)
    await write({
      extends: ['p2pnet:recommended'],
      network: { designatedPorts: [port] },
      plugins: ['./greeter.ts'],
    })
    const [a, b] = [open(), open()]
    const ends = [a.run('start', '--json', '--data-dir', 'a'), b.run('start', '--data-dir', 'b')]
    await a.until(has('message'))
    await b.until((out) => out.includes('says: hello'))
    for (const shell of [a, b]) shell.interrupt()
    expect(await Promise.all(ends)).to.deep.equal([0, 0])

    for (const { event, time } of a.lines) {
      expect(event).to.be.a('string')
      expect(time)
        .to.be.a('number')
        .within(Date.now() - 60_000, Date.now())
    }
    const events = a.lines.map(({ event }) => event)
    expect(events.at(-1)).to.equal('stopped')
    expect(events).to.include.members(['listening', 'peerAdded', 'trustChanged', 'message', 'peerRemoved'])
    const find = (event: string) => a.lines.find((line) => line.event === event)
    expect(find('listening')).to.have.keys('event', 'time', 'identifier', 'listening')
    expect((find('listening')?.listening as object[])[0]).to.include({ scheme: 'tls', host: '127.0.0.1' })
    expect(find('message')).to.include({ text: 'hello\u001b[2J' })
    expect(find('message')?.peer).to.have.keys('identifier', 'address', 'port')
    expect(find('trustChanged')).to.include({ level: 'authenticated', trusted: true })
    expect(b.out).to.match(/^\d\d:\d\d:\d\d listening on tls:\/\/127\.0\.0\.1:\d+ as [\w-]{43}$/m)
    expect(b.out).to.include('says: hello\\u{1b}[2J')
    expect(b.out).to.not.include('\u001b')
    expect([...(await readdir(scratch.at('a'))), ...(await readdir(scratch.at('b')))]).to.not.include('node.lock')
  })

  it('listens where a flag or the environment says', async () => {
    await write({ extends: ['p2pnet:minimal'], network: { port: 1 } })
    const shell = open({ P2PNET_HOST: '127.0.0.3', P2PNET_PORT: '0', P2PNET_DATA_DIR: 'env' })
    const end = shell.run('start', '--json', '--host', '127.0.0.2')
    await shell.until(has('listening'))
    shell.interrupt()
    expect(await end).to.equal(0)
    const [first] = shell.lines[0]?.listening as [{ host: string; port: number }]
    expect(first.host).to.equal('127.0.0.2')
    expect(first.port).to.be.greaterThan(1024)
    expect(await readdir(scratch.path)).to.include('env')
  })

  it('fails with a coded error when the port is taken, and leaves nothing running', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await write({ extends: ['p2pnet:minimal'], network: { port } })
    const shell = open()
    expect(await shell.run('start', '--json')).to.equal(1)
    expect(shell.lines.at(-1)?.error).to.include({ code: 'E_LISTEN' })
    expect(await readdir(scratch.at('.p2pnet'))).to.not.include('node.lock')
    server.close()
  })

  it('fails with a coded error when another node uses the data directory', async () => {
    await write({ extends: ['p2pnet:minimal'] })
    const first = open()
    const end = first.run('start', '--json')
    await first.until(has('listening'))
    const second = open()
    expect(await second.run('start', '--json')).to.equal(1)
    expect(second.lines.at(-1)?.error).to.include({ code: 'E_DATA_DIR_IN_USE' })
    first.interrupt()
    expect(await end).to.equal(0)
  })

  it('ends with 1 when a plugin did not stop, and when something was thrown that nobody caught', async () => {
    await scratch.write({ 'stubborn.ts': stubborn })
    await write({ extends: ['p2pnet:minimal'], limits: { stopMs: 50 }, plugins: ['./stubborn.ts'] })
    const shell = open()
    const end = shell.run('start', '--json')
    await shell.until(has('listening'))
    shell.interrupt()
    expect(await end).to.equal(1)
    const failure = shell.lines.find(({ event }) => event === 'pluginFailed')
    expect(failure).to.include({ plugin: 'stubborn', hook: 'stop' })
    expect(shell.lines.at(-1)).to.include({ event: 'stopped' })

    await write({ extends: ['p2pnet:minimal'] })
    const other = open()
    const crashed = other.run('start', '--json')
    await other.until(has('listening'))
    other.crash(new Error('from nowhere'))
    expect(await crashed).to.equal(1)
    expect(other.lines.find(({ error }) => error !== undefined)?.error).to.include({
      code: 'E_UNEXPECTED',
      message: 'from nowhere',
    })
    expect(other.lines.at(-1)).to.include({ event: 'stopped' })
  })
})

describe('start, in words', () => {
  const peer = { identifier: 'abcdef0123456789', address: '10.0.0.1', port: 7 }
  const cases: readonly (readonly [fields: object, line: string])[] = [
    [
      { event: 'message', peer, text: 'a\nb\u001b]0;x\u0007\u202Ec' },
      'abcdef012345 (10.0.0.1:7) says: a\\nb\\u{1b}]0;x\\u{7}\\u{202e}c',
    ],
    [
      { event: 'listening', identifier: '', listening: [{ scheme: 'tcp', host: '::1', port: 7 }] },
      'listening on tcp://[::1]:7 as nobody yet',
    ],
    [{ event: 'peerAdded', peer: { address: '10.0.0.1', port: 7 }, inbound: true }, '10.0.0.1:7 connected'],
    [
      { event: 'peerRemoved', peer, reason: { code: 'E_IDLE', message: 'quiet' } },
      'abcdef012345 (10.0.0.1:7) is gone: E_IDLE quiet',
    ],
    [
      { event: 'trustChanged', peer, level: 'pinged', trusted: false },
      'abcdef012345 (10.0.0.1:7) is pinged, not trusted',
    ],
    [
      { event: 'fileReceived', peer, name: 'a.bin', size: 65536, sha256: 'ff' },
      'abcdef012345 (10.0.0.1:7) sent a.bin, 64 KiB, sha256 ff',
    ],
    [
      { event: 'refused', peer: { address: '10.0.0.1' }, plugin: 'p', hook: 'h', code: 'E_BLOCKED', reason: 'no' },
      '10.0.0.1 was refused by p in h: E_BLOCKED no',
    ],
    [
      { event: 'pluginFailed', plugin: 'p', hook: 'h', state: 'failed', error: { code: 'E_X', message: 'm' } },
      'plugin p failed in h (failed): E_X m',
    ],
    [{ event: 'incomingPeer', peer: { address: '10.0.0.1', port: 7 } }, '10.0.0.1:7 waits to be accepted'],
    [{ event: 'reconnected', awayMs: 1234, peer: { address: '10.0.0.1', port: 7 } }, '10.0.0.1:7 is back after 1.2 s'],
    [{ event: 'identifierChanged', identifier: 'x' }, 'this node is x now'],
    [{ event: 'stopped' }, 'stopped'],
  ]
  for (const [fields, line] of cases) {
    it(line, () => {
      expect(inALine({ event: '', time: 0, ...fields }).slice('00:00:00 '.length)).to.equal(line)
    })
  }
})

describe('the p2pnet program', () => {
  const main = fileURLToPath(new URL('../../../core/cli/main.ts', import.meta.url))
  const tsx = import.meta.resolve('tsx')
  let scratch: Scratch
  beforeEach(async () => (scratch = await Scratch.make({ 'package.json': '{}', 'stubborn.ts': stubborn })))
  afterEach(() => scratch.remove())

  const launch = (...words: string[]) => {
    const child = spawn(process.execPath, ['--conditions=p2pnet-source', `--import=${tsx}`, main, ...words], {
      cwd: scratch.path,
    })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    const ended = once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as string | null,
      out,
    }))
    const listening = new Promise<void>((resolve) =>
      child.stdout.on('data', () => out.includes('"listening"') && resolve()),
    )
    return { child, ended, listening }
  }

  it('checks a bad config: the error on standard output, exit code 1, nothing opened', async () => {
    await scratch.write({ 'p2pnet.config.json': '{ "extends": ["p2pnet:minimal"], "network": { "prot": 1 } }' })
    const { code, out } = await launch('check', '--json').ended
    expect(code).to.equal(1)
    expect((JSON.parse(out) as { error: object }).error).to.include({ code: 'E_CONFIG_INVALID', path: '/network/prot' })
    expect(await readdir(scratch.path)).to.not.include('.p2pnet')
    expect((await launch('chek').ended).code).to.equal(2)
  })

  it('ends cleanly with code 0 on SIGTERM, and whatever a plugin left running does not keep it', async () => {
    const lively =
      "import { definePlugin } from 'p2pnet'\nsetInterval(() => {}, 1000)\nexport default definePlugin({ name: 'lively', version: '1', api: 1, setup() {} })\n"
    await scratch.write({
      'lively.ts': lively,
      'p2pnet.config.json': '{ "extends": ["p2pnet:minimal"], "plugins": ["./lively.ts"] }',
    })
    const { child, ended, listening } = launch('start', '--json')
    await listening
    child.kill('SIGTERM')
    const { code, out } = await ended
    expect(code).to.equal(0)
    expect(out.trimEnd().split('\n').at(-1)).to.include('"stopped"')
    expect(await readdir(scratch.at('.p2pnet'))).to.not.include('node.lock')
  })

  it('ends at once with code 1 on a second signal', async () => {
    await scratch.write({
      'p2pnet.config.json':
        '{ "extends": ["p2pnet:minimal"], "limits": { "stopMs": 60000 }, "plugins": ["./stubborn.ts"] }',
    })
    const { child, ended, listening } = launch('start', '--json')
    await listening
    child.kill('SIGINT')
    const again = setInterval(() => child.kill('SIGINT'), 200) // the first may take a moment to arrive
    const { code } = await ended
    clearInterval(again)
    expect(code).to.equal(1)
  })

  it('stops when nobody reads it any more', async () => {
    const ticking =
      "import { definePlugin } from 'p2pnet'\nexport default definePlugin({ name: 'ticking', version: '1', api: 1, setup(ctx) { ctx.clock.setInterval(() => { ctx.network.refuse({ code: 'E_X', reason: String(ctx.clock.now()) }, 'somebody', 'tick') }, 50) } })\n"
    await scratch.write({
      'ticking.ts': ticking,
      'p2pnet.config.json': '{ "extends": ["p2pnet:minimal"], "plugins": ["./ticking.ts"] }',
    })
    const { child, ended, listening } = launch('start', '--json')
    await listening
    child.stdout.destroy()
    const { code, signal } = await ended
    expect(signal).to.equal(null)
    expect(code).to.equal(0)
    expect(await readdir(scratch.at('.p2pnet'))).to.not.include('node.lock')
  })
})
