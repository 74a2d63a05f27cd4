// The commands, from the command line through the socket to a running node and back; and what they say without one.
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { expect } from 'chai'
import { definePlugin, TrustLevel, type PeerNetwork } from 'p2pnet'
import { connect, event, eventually, identity, Nodes, trustAtOnce } from '../../../support/nodes.ts'
import { Scratch } from '../../../support/scratch.ts'
import { TestShell } from '../../../support/test-shell.ts'
import { RawClient } from './raw-client.ts'

const names = { me: 'a'.repeat(32), friend: `b1${'0'.repeat(30)}`, other: `b2${'0'.repeat(30)}` }
const evil = 'evil\u001b[2J\u009b1m\u202e'

/** Refuses messages of one text, with words as a hostile peer would like them. */
const strict = definePlugin({
  name: 'strict',
  version: '1.0.0',
  api: 1,
  setup(ctx) {
    ctx.hooks.packets.admit.tap((packet) =>
      packet.type === 'PureMessage' ? { code: 'E_RUDE', reason: `${evil} ${'r'.repeat(5000)}` } : undefined,
    )
  },
})

/** Wants no files. */
const shy = definePlugin({
  name: 'shy',
  version: '1.0.0',
  api: 1,
  setup(ctx) {
    ctx.hooks.files.incoming.tap(() => ({ code: 'E_SHY', reason: 'not today' }))
  },
})

/** Keeps what is drawn on it. */
function terminal(draw: (text: string) => void): NodeJS.WritableStream {
  const screen = new Writable({
    write(chunk: Buffer, _, done) {
      draw(chunk.toString())
      done()
    },
  })
  return Object.assign(screen, { isTTY: true, columns: 120, rows: 40 })
}

describe('the commands of a running node', () => {
  const nodes = new Nodes()
  let scratch: Scratch
  let node: PeerNetwork
  beforeEach(async () => {
    scratch = await Scratch.make({
      'package.json': '{}',
      'p2pnet.config.json': '{ "extends": ["p2pnet:minimal"], "plugins": ["server-control"] }',
    })
  })
  afterEach(async () => {
    await nodes.clean()
    await scratch.remove()
  })

  async function start(...plugins: Parameters<Nodes['start']>[1] & object) {
    node = await nodes.start(names.me, ['server-control', ...plugins], {}, { dataDir: scratch.at('.p2pnet') })
  }

  /** Runs a command in the directory of the config. */
  async function run(...words: string[]) {
    const shell = new TestShell(scratch.path)
    const code = await shell.run(...words)
    return { code, out: shell.out, err: shell.err }
  }

  /** The same with --json: exactly one line, parsed. */
  async function json<T>(...words: string[]): Promise<T> {
    const { code, out, err } = await run(...words, '--json')
    expect({ code, err }, out).to.deep.equal({ code: 0, err: '' })
    expect(out.match(/\n/g)).to.have.lengthOf(1)
    return JSON.parse(out) as T
  }

  /** The error of a command that fails, as --json tells it. */
  async function failure(...words: string[]) {
    const { code, out } = await run(...words, '--json')
    expect(code, out).to.equal(1)
    return (JSON.parse(out) as { error: { code: string; message: string; remedy: string } }).error
  }

  async function friend(name = names.friend, plugins: Parameters<Nodes['start']>[1] & object = []) {
    const peer = await nodes.start(name, plugins)
    const [channel] = await connect(peer, node)
    channel.post({ type: 'Identifier', data: peer.listening[0]!.port }) // with its name
    await eventually(() => [...node.channels].some((channel) => channel.peer.identifier === name))
    return peer
  }

  describe('status', () => {
    it('tells in JSON who the node is, where it listens, and how many it knows', async () => {
      await start()
      await friend()
      const status = await json<Record<string, unknown>>('status')
      expect(status).to.have.all.keys(
        ...['identifier', 'name', 'state', 'pid', 'startedAt', 'uptimeMs', 'listening', 'publicAddress', 'counts'],
        'plugins',
      )
      expect(status).to.deep.include({
        identifier: names.me,
        name: 'p2pnet',
        state: 'running',
        pid: process.pid,
        listening: node.listening,
        publicAddress: null,
        counts: { channels: 1, trusted: 1, known: [...node.knownPeers].length },
        plugins: node.plugins,
      })
      expect(status.uptimeMs).to.be.a('number').at.least(0)
    })

    it('tells people the same', async () => {
      await start()
      const { code, out } = await run('status')
      expect(code).to.equal(0)
      expect(out)
        .to.match(/^identifier +a{32}$/m)
        .and.match(/^state +running for \d+ s, pid \d+$/m)
      expect(out)
        .to.match(/^listening +tcp:\/\/127\.0\.0\.1:\d+$/m)
        .and.match(/^plugins +\d+ started$/m)
    })
  })

  describe('peers', () => {
    it('lists channels in JSON, each with the same keys', async () => {
      await start()
      expect(await json('peers')).to.deep.equal([])
      expect((await run('peers')).out).to.equal('nobody\n')
      await friend()
      const [row, ...others] = await json<Record<string, unknown>[]>('peers')
      expect(others).to.deep.equal([])
      expect(row).to.have.all.keys(
        ...['identifier', 'address', 'port', 'scheme', 'connected', 'level', 'trusted', 'inbound', 'since'],
        ...['lastReceivedAt', 'packetsIn', 'packetsOut', 'bytesIn', 'bytesOut'],
      )
      const facts = { identifier: names.friend, address: '127.0.0.1', scheme: 'tcp', connected: true, inbound: true }
      expect(row).to.include({ ...facts, level: 'authenticated', trusted: true })
      for (const key of ['port', 'since', 'packetsIn', 'bytesIn', 'lastReceivedAt'])
        expect(row?.[key], key).to.be.a('number').above(0)
      expect(row).to.include({ packetsOut: 0, bytesOut: 0 })
    })

    it('lists those too who are only known, with --known, and nobody twice', async () => {
      await start()
      await friend()
      node.knownPeers.add({ host: '127.0.0.9', port: 9, identifier: names.other, via: 'test' })
      node.knownPeers.add({ host: '127.0.0.8', port: 8, via: 'test' })
      const rows = await json<Record<string, unknown>[]>('peers', '--known')
      expect(rows.map(({ identifier, address, connected }) => [identifier, address, connected])).to.deep.equal([
        [names.friend, '127.0.0.1', true],
        [names.other, '127.0.0.9', false],
        [null, '127.0.0.8', false],
      ])
      const { out } = await run('peers', '--known')
      expect(out)
        .to.match(/^identifier +address +level/)
        .and.include(names.friend)
        .and.include('not connected')
    })
  })

  describe('send', () => {
    it('says it to one peer, by identifier or beginning, before the text or with --to, or to all', async () => {
      await start()
      const [a, b] = [await friend(), await friend(names.other)]
      const heard: string[] = []
      a.on('message', (text) => heard.push(`a ${text}`))
      b.on('message', (text) => heard.push(`b ${text}`))
      const ok = (peer: string) => ({ peer, ok: true })
      expect(await json('send', names.friend, 'one')).to.deep.equal([ok(names.friend)])
      expect(await json('send', 'b2', 'two')).to.deep.equal([ok(names.other)])
      expect(await json('send', 'three', '--to', 'b1')).to.deep.equal([ok(names.friend)])
      expect(await json('send', 'four')).to.have.deep.members([ok(names.friend), ok(names.other)])
      expect((await run('send', 'b1', 'five')).out).to.equal(`${names.friend}: sent\n`)
      await eventually(() => heard.length === 6)
      expect(heard.sort()).to.deep.equal(['a five', 'a four', 'a one', 'a three', 'b four', 'b two'])
    })

    it('says why not', async () => {
      await start()
      expect(await failure('send', 'hello')).to.include({ code: 'E_PEER_UNKNOWN' })
      await friend()
      await friend(names.other)
      const ambiguous = await failure('send', 'b', 'hello')
      expect(ambiguous).to.include({ code: 'E_PEER_AMBIGUOUS' })
      expect(ambiguous.message).to.include('2 identifiers')
      expect(await failure('send', 'c', 'hello')).to.include({ code: 'E_PEER_UNKNOWN' })
      expect(await failure('send', '', 'hello')).to.include({ code: 'E_PEER_UNKNOWN' })
      expect(await failure('send', '127.0.0.1', 'hello')).to.include({ code: 'E_PEER_UNKNOWN' })
      expect(await failure('send', 'x'.repeat(70_000))).to.include({ code: 'E_CONTROL_REQUEST' })
      expect((await run('send', 'b1', 'twice', '--to', 'b1')).code).to.equal(2)
      expect((await run('send', 'not', 'quoted', 'text')).code).to.equal(2)
    })

    it('sends nothing to a peer that is not trusted', async () => {
      const dataDir = scratch.at('.p2pnet')
      const pinged = [identity(names.me), trustAtOnce(TrustLevel.pinged), 'server-control'] as const
      const extras = { extends: ['p2pnet:minimal'], plugins: [{ use: 'identity-default', enabled: false }, ...pinged] }
      node = await nodes.compose(extras, { dataDir })
      await node.start()
      const peer = await nodes.start(names.friend)
      const [to] = node.listening
      const channel = await peer.connect({ host: to!.host, port: to!.port })
      channel.post({ type: 'Identifier', data: 1 })
      await eventually(() => [...node.channels].some((channel) => channel.peer.identifier === names.friend))
      expect(await failure('send', 'b1', 'hello')).to.include({ code: 'E_NOT_ALLOWED' })
      expect(await failure('send', 'hello')).to.include({ code: 'E_PEER_UNKNOWN' })
    })
  })

  describe('routines', () => {
    const mine = { name: 'Mine\u001b[2J', interval: 40_000, run: () => undefined }
    const seed = ['RotateBroadcastPort', 'DiscernPeerChannels']
    const still = { running: false, active: false, lastRun: null, nextRun: null, failures: 0, lastError: null }

    it('lists them in JSON, each with the same keys, and for people', async () => {
      await start({ use: 'routines-default', options: { routines: [mine], start: [mine.name] } })
      const [rotate, discern, own] = await json<Record<string, unknown>[]>('routines')
      expect(rotate).to.deep.equal({ name: seed[0], interval: 30_000, ...still })
      expect(discern).to.deep.equal({ name: seed[1], interval: 60_000, ...still })
      expect(own).to.include({ name: mine.name, running: true, active: false })
      expect(own?.nextRun).to.be.within(Date.now(), Date.now() + 40_000)
      const { out } = await run('routines')
      expect(out)
        .to.match(/^name +interval +state +last run +next run +failures$/m)
        .and.match(/^RotateBroadcastPort +30000 ms +stopped +- +- +0$/m)
        .and.match(/^Mine\\u\{1b\}\[2J +40000 ms +started +- +20\d\d-/m)
    })

    it('starts, stops and retimes them while the node runs', async () => {
      await start('routines-default')
      const running = () => [...node.use('routines')].map(({ running }) => running)
      const started = await json<object[]>('routines', 'start', ...seed)
      expect(started.map((row) => (row as { name: string }).name)).to.deep.equal(seed)
      expect(running()).to.deep.equal([true, true])
      expect((await json<object[]>('routines', 'interval', seed[0]!, '45000'))[0]).to.include({ interval: 45_000 })
      expect(node.use('routines').get(seed[0]!).interval).to.equal(45_000)
      expect((await run('routines', 'stop', seed[1]!)).out).to.match(/DiscernPeerChannels +60000 ms +stopped/)
      expect(running()).to.deep.equal([true, false])
    })

    it('tells what went wrong, without what a terminal would obey', async () => {
      const failing = {
        ...{ name: 'shaky', interval: 10 },
        run: () => {
          throw new Error(evil)
        },
      }
      await start({ use: 'routines-default', options: { routines: [failing], start: ['shaky'] } })
      await eventually(() => node.use('routines').get('shaky').failures > 0)
      await run('routines', 'stop', 'shaky')
      const rows = await json<{ name: string; failures: number; lastError: object }[]>('routines')
      const row = rows.find(({ name }) => name === 'shaky')
      expect(row?.lastError).to.deep.equal({ code: 'E_ROUTINE_FAILED', message: evil })
      for (const words of [['routines'], ['routines', '--json']])
        expect((await run(...words)).out)
          .to.include('E_ROUTINE_FAILED')
          .and.not.match(/[^\P{Cc}\n]|\u202e/u)
    })

    const wrong: [words: string[], code: number, error: string][] = [
      [['start', 'rotateBroadcastPort'], 1, 'E_ROUTINE_UNKNOWN'],
      [['interval', 'RotateBroadcastPort', '9'], 1, 'E_ROUTINE_INTERVAL'],
      [['interval', 'RotateBroadcastPort', 'soon'], 2, 'E_USAGE'],
      [['interval', 'RotateBroadcastPort'], 2, 'E_USAGE'],
      [['stop'], 2, 'E_USAGE'],
      [['begin', 'RotateBroadcastPort'], 2, 'E_USAGE'],
    ]
    for (const [words, code, error] of wrong)
      it(`refuses ${words.join(' ')}`, async () => {
        await start('routines-default')
        const { code: exit, out } = await run('routines', ...words, '--json')
        expect(exit, out).to.equal(code)
        expect((JSON.parse(out) as { error: object }).error).to.include({ code: error })
      })

    it('says which plugin has them, in a node without', async () => {
      await start()
      for (const words of [[], ['start', 'x'], ['stop', 'x'], ['interval', 'x', '100']]) {
        const error = await failure('routines', ...words)
        expect(error).to.include({ code: 'E_CAPABILITY_MISSING' })
        expect(error.remedy).to.include('routines-default')
      }
    })
  })

  describe('send-file', () => {
    const mib = 1_048_576
    const files = ['files-mapped', 'files-transfer']
    const stored = async (peer: PeerNetwork, name: string) => Buffer.from(await peer.use('files').getFile(name))

    it('sends it to one peer or to all, and answers when they have it', async () => {
      await start(...files)
      const [a, b] = [await friend(names.friend, files), await friend(names.other, files)]
      await scratch.write({ 'sub/one.txt': 'one', 'two.txt': 'two' })
      const ok = (peer: string) => ({ peer, ok: true })
      expect(await json('send-file', 'sub/one.txt', '--to', 'b1')).to.deep.equal([ok(names.friend)])
      expect((await stored(a, 'one.txt')).toString()).to.equal('one')
      expect(await b.use('files').list()).to.deep.equal([])
      expect(await json('send-file', scratch.at('two.txt'))).to.have.deep.members([ok(names.friend), ok(names.other)])
      for (const peer of [a, b]) expect((await stored(peer, 'two.txt')).toString()).to.equal('two')
      expect((await run('send-file', 'two.txt', '--to', 'b2')).out).to.equal(`${names.other}: has it\n`)
    })

    it('draws how it goes where somebody looks on, and nowhere else', async () => {
      await start(...files)
      const peer = await friend(names.friend, files)
      const bytes = Buffer.alloc(3 * mib, 'p2pnet')
      await writeFile(scratch.at('big.bin'), bytes)
      let drawn = ''
      const shell = new TestShell(scratch.path)
      shell.screen = terminal((text) => (drawn += text))
      expect(await shell.run('send-file', 'big.bin')).to.equal(0)
      expect(shell.out).to.equal(`${names.friend}: has it\n`)
      expect(shell.err).to.equal('')
      expect(drawn).to.match(/sending \[.*\] \d+ % {2}\d\.\d of 3\.0 MiB {2}to 1 peer/)
      expect((await stored(peer, 'big.bin')).equals(bytes)).to.equal(true)

      drawn = ''
      expect(await shell.run('send-file', 'big.bin', '--json')).to.equal(0)
      expect(drawn).to.equal('')
      expect(JSON.parse(shell.out.split('\n')[1]!)).to.deep.equal([{ peer: names.friend, ok: true }])
    })

    it('says who does not have it, with exit code 1', async () => {
      await start(...files)
      await friend(names.friend, ['files-mapped', { use: 'files-transfer' }, shy])
      await scratch.write({ 'one.txt': 'one' })
      const { code, out } = await run('send-file', 'one.txt')
      expect(code).to.equal(1)
      expect(out).to.match(new RegExp(`^${names.friend}: E_SHY not today\n$`))
    })

    it('says why not', async () => {
      await start(...files)
      await scratch.write({ 'one.txt': 'one' })
      expect(await failure('send-file', 'one.txt')).to.include({ code: 'E_PEER_UNKNOWN' })
      await friend(names.friend, files)
      const gone = await failure('send-file', 'two.txt')
      expect(gone).to.include({ code: 'E_FILE_NOT_FOUND' })
      expect(gone.message).to.include(scratch.at('two.txt'))
      expect(await failure('send-file', '.')).to.include({ code: 'E_FILE_IO' })
      expect(await failure('send-file', 'one.txt', '--to', 'c')).to.include({ code: 'E_PEER_UNKNOWN' })
      expect((await run('send-file')).code).to.equal(2)
      expect((await run('send-file', 'b1', 'one.txt')).code).to.equal(2)
    })

    it('gives the transfer up when the command ends', async () => {
      const asked: { path: string; signal: AbortSignal | undefined }[] = []
      const slow = definePlugin({
        name: 'transfer-slow',
        version: '1.0.0',
        api: 1,
        provides: ['transfer'],
        setup(ctx) {
          ctx.provide('transfer', {
            send(path, _, { signal } = {}) {
              asked.push({ path, signal })
              return new Promise((resolve) => signal?.addEventListener('abort', () => resolve([])))
            },
          })
        },
      })
      await start(slow)
      await friend()
      const client = await RawClient.connect(scratch.at('.p2pnet', 'control.sock'))
      client.say('{"id":1,"verb":"send-file","args":{"path":"one.txt"}}\n')
      expect((await client.answered(1))[0]?.error).to.include({ code: 'E_CONTROL_REQUEST' })
      client.say('{"id":2,"verb":"send-file","args":{"path":"/one.txt"}}\n')
      const [{ path, signal }] = await eventually(() => (asked.length > 0 ? (asked as [(typeof asked)[0]]) : undefined))
      expect(path).to.equal('/one.txt')
      expect(signal?.aborted).to.equal(false)
      client.socket.destroy()
      await eventually(() => signal?.aborted)
    })

    it('says which plugin sends files, in a node that cannot', async () => {
      await start()
      const error = await failure('send-file', 'one.txt')
      expect(error).to.include({ code: 'E_CAPABILITY_MISSING' })
      expect(error.remedy).to.include('files-transfer')
    })
  })

  describe('why', () => {
    it('tells what was decided about a peer, newest first, without what a terminal would obey', async () => {
      await start(strict)
      const peer = await friend()
      const refused = event(node, 'refused', ({ code }) => code === 'E_RUDE')
      await peer.use('distribution').queuePacket({ type: 'PureMessage', message: 'hello' })
      await refused
      interface Why {
        peer: string
        addresses: string[]
        decisions: { time: number; code: string; plugin: string; reason: string }[]
      }
      const { peer: name, addresses, decisions } = await json<Why>('why', 'b1')
      expect({ name, addresses }).to.deep.equal({ name: names.friend, addresses: ['127.0.0.1'] })
      expect(decisions[0]).to.include({ code: 'E_RUDE', plugin: 'strict' })
      expect(decisions[0]?.reason).to.have.lengthOf(500).and.include(evil)
      expect(decisions.map(({ time }) => time)).to.deep.equal(
        decisions
          .map(({ time }) => time)
          .sort()
          .reverse(),
      )

      for (const { out } of [await run('why', 'b1'), await run('why', 'b1', '--json')])
        expect(out)
          .to.include('E_RUDE')
          .and.not.match(/[^\P{Cc}\n]|\u202e/u)
      const inWords = (await run('why', 'b1')).out
      expect(inWords).to.include('strict in packets.admit').and.include('p2pnet why 127.0.0.1')
      for (const line of inWords.split('\n')) expect(line).to.have.length.below(400)
    })

    it('takes an address, and somebody of whom nothing is known', async () => {
      await start()
      await node.block('127.0.0.1')
      const peer = await nodes.start(names.friend)
      await peer.connect({ host: '127.0.0.1', port: node.listening[0]!.port }).catch(() => undefined)
      await eventually(() => node.decisions({ peer: '127.0.0.1' }).length > 0)
      const { decisions } = await json<{ decisions: object[] }>('why', '127.0.0.1')
      expect(decisions[0]).to.include({ code: 'E_BLOCKED', peer: '127.0.0.1' })
      expect(await json('why', 'c'.repeat(32))).to.deep.equal({ peer: 'c'.repeat(32), addresses: [], decisions: [] })
      expect((await run('why', '--', `-${'c'.repeat(42)}`)).out).to.equal(
        `nothing was decided about -${'c'.repeat(42)}\n`,
      )
      expect(await failure('why', 'c')).to.include({ code: 'E_PEER_UNKNOWN' })
    })
  })

  describe('block, unblock, authorize and revoke', () => {
    const stored = async () =>
      JSON.parse(await readFile(scratch.at('.p2pnet', 'access.json'), 'utf8')) as {
        blocked: Record<string, number | null>
        authorized: string[]
      }

    it('change the lists on disk, and the open channels', async () => {
      await start()
      await friend()
      const level = () => [...node.channels].map((channel) => channel.level)
      expect(await json('authorize', names.friend)).to.deep.equal({ peer: names.friend, authorized: true })
      expect((await stored()).authorized).to.deep.equal([names.friend])
      expect(level()).to.deep.equal([TrustLevel.authorized])
      expect(await json('revoke', 'b1')).to.deep.equal({ peer: names.friend, authorized: false })
      expect((await stored()).authorized).to.deep.equal([])
      expect(level()).to.deep.equal([TrustLevel.authenticated])

      const removed = event(node, 'peerRemoved')
      expect(await json('block', 'b1')).to.deep.equal({ peer: names.friend, blocked: true, until: null })
      expect((await removed)[1]).to.include({ code: 'E_BLOCKED' })
      expect((await stored()).blocked).to.deep.equal({ [names.friend]: null })
      expect(await json('unblock', names.friend)).to.deep.equal({ peer: names.friend, blocked: false })
      expect((await stored()).blocked).to.deep.equal({})
    })

    it('take ranges and times', async () => {
      await start()
      const before = Date.now()
      const { until } = await json<{ until: number }>('block', '10.0.0.0/8', '--minutes', '5')
      expect(until).to.be.within(before + 300_000, Date.now() + 300_000)
      expect(Object.keys((await stored()).blocked)).to.deep.equal(['10.0.0.0/8'])
      expect((await run('block', '127.0.0.7')).out).to.equal('127.0.0.7 is blocked\n')
      expect((await run('unblock', '10.0.0.0/8')).out).to.equal('10.0.0.0/8 is not blocked\n')
      expect((await run('block', '127.0.0.7', '--minutes', 'no')).code).to.equal(2)
      expect(await failure('block', '10.0.0.0/99')).to.include({ code: 'E_CONFIG_INVALID' })
    })

    it('give rights to a whole identifier only, and to no address', async () => {
      await start()
      await friend()
      expect(await failure('authorize', 'b1')).to.include({ code: 'E_PEER_AMBIGUOUS' })
      expect(await failure('unblock', 'b1')).to.include({ code: 'E_PEER_AMBIGUOUS' })
      expect(await failure('authorize', '127.0.0.1')).to.include({ code: 'E_CONTROL_REQUEST' })
      expect(await failure('block', 'b9')).to.include({ code: 'E_PEER_UNKNOWN' })
      const stranger = 'd'.repeat(43)
      expect(await json('authorize', stranger)).to.deep.equal({ peer: stranger, authorized: true })
    })
  })

  describe('without a running node', () => {
    const commands = [['status'], ['peers'], ['send', 'x'], ['why', 'x'], ['block', 'x'], ['unblock', 'x']]
    const work = [['routines'], ['routines', 'start', 'x'], ['send-file', 'x']]
    for (const words of [...commands, ...work, ['authorize', 'x'], ['revoke', 'x']]) {
      it(`${words.join(' ')} says so, with exit code 1 and what to do`, async () => {
        const error = await failure(...words)
        expect(error).to.include({ code: 'E_NOT_RUNNING' })
        expect(error.message).to.include(scratch.at('.p2pnet'))
        expect(error.remedy).to.include('p2pnet start')
        const { code, out, err } = await run(...words)
        expect({ code, out }).to.deep.equal({ code: 1, out: '' })
        expect(err)
          .to.match(/^error E_NOT_RUNNING: /)
          .and.not.include(' at ')
      })
    }

    it('says how to add server-control to a config that does not name it', async () => {
      await scratch.write({ 'p2pnet.config.json': '{ "extends": ["p2pnet:minimal"] }' })
      const error = await failure('status')
      expect(error).to.include({ code: 'E_CONTROL_MISSING' })
      expect(error.remedy).to.include('server-control').and.include('plugins')
    })

    it('says what is wrong with the config, unless --data-dir makes it needless', async () => {
      await scratch.write({ 'p2pnet.config.json': '{' })
      expect(await failure('status')).to.include({ code: 'E_CONFIG_SYNTAX' })
      expect(await failure('status', '--data-dir', 'x')).to.include({ code: 'E_NOT_RUNNING' })
      await start()
      expect(await json('status', '--data-dir', '.p2pnet')).to.include({ identifier: names.me })
    })

    it('finds the node by --config, --data-dir and the environment, as start does', async () => {
      await scratch.write({
        'else/where.json':
          '{ "network": { "dataDir": "d" }, "extends": ["p2pnet:minimal"], "plugins": ["server-control"] }',
      })
      await nodes.start(names.other, ['server-control'], {}, { dataDir: scratch.at('else', 'd') })
      expect(await json('status', '--config', 'else/where.json')).to.include({ identifier: names.other })
      expect(await json('status', '--data-dir', 'else/d')).to.include({ identifier: names.other })
      const shell = new TestShell(scratch.path, { P2PNET_DATA_DIR: 'else/d' })
      expect(await shell.run('status', '--json')).to.equal(0)
      expect(shell.lines[0]).to.include({ identifier: names.other })
    })

    it('tells when whatever answers hangs up', async () => {
      await scratch.write({ '.p2pnet/x': '' })
      const server = createServer((socket) => socket.on('error', () => undefined).end())
      await once(server.listen(scratch.at('.p2pnet', 'control.sock')), 'listening')
      const error = await failure('status').finally(() => server.close())
      expect(error).to.include({ code: 'E_CONTROL_CLOSED' })
    })
  })

  it('may be a plugin of the config: its verb is asked by its command, whatever a terminal would obey taken out', async () => {
    const weather = `
      import { definePlugin, P2PNetError } from 'p2pnet'
      const command = { description: 'tells the weather', configure(command, line) {
        command.argument('<city>').action(async (city) => {
          const answer = await line.ask('weather', { city })
          const { length } = await line.plugins()
          line.print(answer, () => line.table(['city'], [[line.printable(answer.city)], [String(length)]]) + '\\n')
        })
      } }
      export default definePlugin({ name: 'weather', version: '1', api: 1, requires: ['control'],
        errors: { E_CITY: 'Name another city.' },
        commands: { weather: async () => ({ default: command }) },
        setup(ctx) {
          ctx.defer(ctx.use('control').verb('weather', { arguments: { city: 'string' }, run({ city }) {
            if (city === 'nowhere') throw new P2PNetError('E_CITY', 'there is no weather', { remedy: 'Go somewhere.' })
            return { city: city + '\\u001b[2J\\u009b' }
          } }))
        } })`
    await scratch.write({
      'weather.ts': weather,
      'p2pnet.config.json': '{ "extends": ["p2pnet:minimal"], "plugins": ["server-control", "./weather.ts"] }',
    })
    node = await nodes.compose(scratch.at('p2pnet.config.json'), { dataDir: scratch.at('.p2pnet') })
    expect(await failure('weather', 'here')).to.include({ code: 'E_NOT_RUNNING' })
    await node.start()
    expect(await json('weather', 'here')).to.deep.equal({ city: 'here\u001b[2J\u009b' })
    const raw = (await run('weather', 'here', '--json')).out
    expect(raw).to.equal('{"city":"here\\u001b[2J\\u009b"}\n')
    expect((await run('weather', 'here')).out).to.equal('city\nhere\\u{1b}[2J\\u{9b}\n7\n')
    expect(await failure('weather', 'nowhere')).to.deep.equal({
      code: 'E_CITY',
      message: 'there is no weather',
      remedy: 'Go somewhere.',
    })
  })
})
