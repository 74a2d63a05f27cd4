// Whole nodes over TLS: what the kernel makes of a proved key, and what it answers before a handshake.
import { expect } from 'chai'
import { connect as connectTcp, type Socket } from 'node:net'
import type { Config, PeerNetwork } from 'p2pnet'
import { definePlugin } from 'p2pnet'
import { keysPlugin, testKeys, type TestKeys } from '../../../support/keys.ts'
import { connect, Nodes, trustAtOnce } from '../../../support/nodes.ts'
import { until } from '../../../support/until.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'
import { closed } from '../open.ts'

describe('nodes over TLS', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  async function start(
    keys: TestKeys = testKeys(),
    config: Config = {},
    plugins: Config['plugins'] = [],
    clock?: VirtualClock,
  ) {
    const node = await nodes.compose(
      {
        extends: ['p2pnet:minimal'],
        ...config,
        plugins: [
          { use: 'transport-tcp', enabled: false },
          { use: 'identity-default', enabled: false },
          keysPlugin(keys),
          'transport-tls',
          trustAtOnce(),
          ...plugins,
        ],
      },
      clock === undefined ? {} : { clock },
    )
    await node.start()
    return node
  }
  const codes = (node: PeerNetwork) => node.decisions().map(({ code, hook, plugin }) => `${code} ${hook} ${plugin}`)

  it('know each other by key at once, and talk', async () => {
    const [one, two] = [await start(), await start()]
    expect(one.listening[0]).to.include({ scheme: 'tls', host: '127.0.0.1' })
    const [here, there] = await connect(one, two)
    expect(here.peerKey).to.equal(two.identifier)
    expect(here.peer.identifier).to.equal(two.identifier)
    expect(there.peer.identifier).to.equal(one.identifier)
    expect(here.exporter('EXPORTER-x', 32)).to.deep.equal(there.exporter('EXPORTER-x', 32))
    const heard = two.once('message')
    await here.send({ type: 'PureMessage', message: 'hello' })
    expect((await heard)[0]).to.equal('hello')
  })

  it('refuse somebody else than was dialled, before anything is said', async () => {
    const [one, two] = [await start(), await start()]
    const { host, port } = two.listening[0]!
    const expected = testKeys().identifier
    const heard = two.once('peerRemoved')
    const channel = await one.connect({ host, port, identifier: expected })
    const reason = await channel.whenTrusted().catch((error: unknown) => error)
    expect(reason).to.include({ code: 'E_WRONG_PEER', message: `127.0.0.1 is ${two.identifier}, not ${expected}` })
    expect(codes(one)).to.deep.equal(['E_WRONG_PEER trust.connection kernel'])
    expect(channel.stats).to.include({ packetsIn: 0, packetsOut: 0 })
    // Whoever answered learns that it failed, and neither why nor who was looked for.
    const [, told] = await heard
    expect(told).to.include({ code: 'E_HANDSHAKE', message: '127.0.0.1 closed the channel: the handshake failed' })
  })

  it('do not connect to themselves', async () => {
    const node = await start()
    const { host, port } = node.listening[0]!
    expect(await node.connect({ host, port }).catch((error: unknown) => error)).to.have.property('code', 'E_SELF')
    expect([...node.channels]).to.deep.equal([])
  })

  it('tell somebody who is blocked why, after the handshake', async () => {
    const node = await start()
    await node.block('127.0.0.2')
    const blocked = await start(testKeys(), { network: { host: '127.0.0.2' } })
    const { host, port } = node.listening[0]!
    const removed = blocked.once('peerRemoved')
    const channel = await blocked.connect({ host, port })
    expect((await removed)[1]).to.include({ code: 'E_BLOCKED' })
    expect(channel.closed).to.equal(true)
    expect(codes(node)).to.deep.equal(['E_BLOCKED network.block kernel'])
  })

  it('cut a flood of those who would be refused off before the handshake, and a few at most get one', async () => {
    const asked: string[] = []
    const nobody = definePlugin({
      name: 'nobody',
      version: '1.0.0',
      api: 1,
      setup(ctx) {
        ctx.hooks.trust.connection.tap(({ address }) => {
          asked.push(address)
          return address === '127.0.0.2' ? { code: 'E_BLOCKED', reason: 'not you' } : undefined
        })
      },
    })
    const clock = new VirtualClock()
    const node = await start(testKeys(), {}, [nobody], clock)
    const { port } = node.listening[0]!
    const sockets = Array.from({ length: 50 }, () => silent(port, '127.0.0.2'))
    const gone = sockets.map(closed)
    await until('all but four', () => sockets.filter(({ destroyed }) => !destroyed).length === 4)
    expect(asked).to.have.length(50)
    expect(node.decisions()).to.have.length(1)
    expect(node.decisions()[0]).to.include({ code: 'E_BLOCKED', count: 46, plugin: 'nobody', hook: 'trust.connection' })
    const honest = await start()
    await connect(honest, node)
    await clock.advance(20_000)
    await Promise.all(gone)
  })

  it('keep places for others when two addresses hold as many sockets as they can, silent or dripping', async () => {
    const clock = new VirtualClock()
    const node = await start(testKeys(), { limits: { handshakeMs: 1000 } }, [], clock)
    const { port } = node.listening[0]!
    const sockets = [
      ...Array.from({ length: 200 }, () => silent(port, '127.0.0.2')),
      ...Array.from({ length: 200 }, () => dripping(port, '127.0.0.3')),
    ]
    const gone = sockets.map(closed)
    const held = () => sockets.filter(({ destroyed }) => !destroyed).length
    // Eight for each address, and the four who might have been told.
    await until('all but those who hold a place', () => held() === 20)
    const honest = await start()
    const [channel] = await connect(honest, node)
    expect(held()).to.equal(20)
    await clock.advance(1000)
    await Promise.all(gone)
    expect(channel.closed).to.equal(false)
    expect(codes(node)).to.include.members([
      'E_LIMIT limits.perAddress kernel',
      'E_HANDSHAKE_TIMEOUT limits.handshakeMs transport-tls',
    ])
  })

  it('stop while handshakes are under way', async () => {
    const node = await start()
    const sockets = Array.from({ length: 5 }, () => silent(node.listening[0]!.port, '127.0.0.1'))
    const gone = sockets.map(closed)
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
    await node.stop()
    await Promise.all(gone)
    expect(node.state).to.equal('stopped')
    expect(node.decisions()).to.deep.equal([])
  })
})

const silent = (port: number, localAddress: string): Socket =>
  connectTcp({ host: '127.0.0.1', port, localAddress }).resume()

function dripping(port: number, localAddress: string): Socket {
  const socket = silent(port, localAddress)
  const bytes = Buffer.concat([Buffer.from('16030100c8010000c40303', 'hex'), Buffer.alloc(0xc8)])
  let at = 0
  const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), 20)
  socket.once('close', () => {
    clearInterval(timer)
  })
  return socket
}
