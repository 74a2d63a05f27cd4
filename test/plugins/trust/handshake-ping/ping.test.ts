import { expect } from 'chai'
import { TrustLevel, type PeerNetwork } from 'p2pnet'
import { event, eventually, identity, Nodes } from '../../../support/nodes.ts'
import { WirePeer } from '../../../support/wire-peer.ts'

const tick = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const message = (text: string) => ({ type: 'PureMessage', message: text })
const intervalMs = 50

describe('handshake-ping', () => {
  const nodes = new Nodes()
  const peers: WirePeer[] = []
  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.destroy()
    await nodes.clean()
  })

  async function start(name: string, options: object = {}, policy: object = {}): Promise<PeerNetwork> {
    const node = await nodes.compose({
      extends: ['p2pnet:minimal'],
      limits: { banScore: 'unlimited' },
      plugins: [
        { use: 'identity-default', enabled: false },
        identity(name),
        { use: 'handshake-ping', options: { intervalMs, timeoutMs: 5000, ...options } },
        { use: 'trust-incoming', options: { trustedLevel: 'pinged', ...policy } },
        'distribution',
      ],
    })
    await node.start()
    return node
  }
  const dial = async (node: PeerNetwork) => {
    const peer = await WirePeer.dial(node)
    peers.push(peer)
    return peer
  }
  const pingsOf = (peer: WirePeer) =>
    peer.received
      .filter((packet) => packet.type === 'PureMessage')
      .map((packet) => (packet as unknown as { message: string }).message)

  it('makes two nodes trust each other, twenty times of twenty; pings are never messages', async function () {
    this.timeout(60_000)
    const server = await start('server')
    const heard: string[] = []
    server.on('message', (text) => heard.push(text))
    for (let i = 0; i < 20; i++) {
      const client = await start(`client-${String(i)}`)
      client.on('message', (text) => heard.push(text))
      const trusted = event(server, 'trustChanged')
      const channel = await client.connect(server.listening[0]!)
      await channel.whenTrusted()
      const [other] = await trusted
      expect([channel.level, other.level]).to.deep.equal([TrustLevel.pinged, TrustLevel.pinged])
      expect([channel.peer.identifier, other.peer.identifier]).to.deep.equal(['server', `client-${String(i)}`])
      expect(other.peer.port).to.equal(client.listening[0]?.port)
      await client.stop()
    }
    expect(heard).to.deep.equal([])
  })

  it('lets nothing be lost that either side says the moment it trusts', async () => {
    // Far enough apart that a slow machine does not cost a ping.
    const server = await start('server', { intervalMs: 250 })
    const heard: string[] = []
    server.on('message', (text) => heard.push(text))
    const clients = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => start(name, { intervalMs: 250 })))
    server.on('trustChanged', (channel) => channel.post({ type: 'PureMessage', message: 'welcome' }))
    await Promise.all(
      clients.map(async (client) => {
        const answered = event(client, 'message')
        const channel = await client.connect(server.listening[0]!)
        await channel.whenTrusted()
        channel.post({ type: 'PureMessage', message: client.identifier })
        expect((await answered)[0]).to.equal('welcome')
      }),
    )
    await eventually(() => heard.length === 6)
  })

  it('introduces itself first, and sends its three also to somebody who needs none of them', async () => {
    const node = await start('node')
    const peer = await dial(node)
    peer.introduce('peer')
    for (let i = 0; i < 3; i++) {
      peer.send(message('Ping from 127.0.0.1'))
      await tick(intervalMs + 20)
    }
    await eventually(() => [...node.channels][0]?.trusted)
    await eventually(() => pingsOf(peer).length >= 3)
    expect(peer.received[0]).to.include({
      type: 'Identifier',
      sourceOriginIdentifier: 'node',
      data: node.listening[0]?.port,
    })
    await tick(4 * intervalMs)
    expect(pingsOf(peer)).to.deep.equal(Array<string>(3).fill('Ping from 127.0.0.1'))
  })

  const wrong = [
    'ping from 127.0.0.1',
    'Ping from 127.0.0.1 ',
    ' Ping from 127.0.0.1',
    'Ping from 127.0.0.1\n',
    'Ping from  127.0.0.1',
    'Ping from',
    'Ping from 127.0.0.256',
    'Ping from 127.0.1',
    'Ping from localhost',
    'Ping from ::g',
    'Re: Ping from 127.0.0.1',
  ]
  it('counts nothing but its own text, exactly', async () => {
    const node = await start('node', { timeoutMs: 1000 })
    const peer = await dial(node)
    for (const text of wrong) {
      peer.send(message(text))
      peer.send({ type: 'Disconnect', data: 'Ping from 127.0.0.1' })
      await tick(intervalMs)
    }
    expect(await peer.farewell()).to.equal('E_HANDSHAKE_TIMEOUT: no 3 pings within 1000 ms')
    expect(node.decisions().map(({ code }) => code)).to.include('E_HANDSHAKE_TIMEOUT')
  })

  it('takes IPv6 for an address too', async () => {
    const node = await start('node', { pings: 1 })
    const peer = await dial(node)
    peer.send(message('Ping from ::1'))
    await eventually(() => [...node.channels][0]?.trusted)
  })

  it('counts pings only apart from each other', async () => {
    const node = await start('node', { intervalMs: 300, timeoutMs: 1000 })
    const peer = await dial(node)
    for (let i = 0; i < 15; i++) peer.send(message('Ping from 127.0.0.1'))
    expect(await peer.farewell()).to.match(/^E_HANDSHAKE_TIMEOUT/)
    // At most twice its own number, however long it takes.
    expect(pingsOf(peer).length).to.be.within(3, 6)
  })

  it('refuses a flood, before trust and after it, and no ping of it becomes a message', async () => {
    const node = await start('node', {}, { allowDefaultCommunication: true })
    const heard: string[] = []
    node.on('message', (text) => heard.push(text))
    const early = await dial(node)
    early.send(...Array<object>(500).fill(message('Ping from 127.0.0.1')))
    expect(await early.farewell()).to.equal('E_HANDSHAKE: the peer pings without end')

    const late = await dial(node)
    for (let i = 0; i < 3; i++) {
      late.send(message('Ping from 127.0.0.1'))
      await tick(intervalMs + 20)
    }
    await eventually(() => [...node.channels].some(({ trusted }) => trusted))
    late.send(...Array<object>(500).fill(message('Ping from 127.0.0.1')))
    expect(await late.farewell()).to.equal('E_HANDSHAKE: the peer pings without end')
    expect(heard).to.deep.equal([])
    expect(node.decisions().filter(({ code }) => code === 'E_HANDSHAKE')).to.have.length.at.least(1)
    expect(node.state).to.equal('running')
  })

  it('ends with the channel, and leaves no timer', async () => {
    const node = await start('node', { timeoutMs: 60_000, intervalMs: 5000 })
    const peer = await dial(node)
    await eventually(() => [...node.channels][0])
    peer.destroy()
    await eventually(() => [...node.channels].length === 0)
    expect(node.decisions().filter(({ hook }) => hook === 'trust.handshake')).to.deep.equal([])
  })

  it('is refused by whoever does not speak it, and says so', async () => {
    const node = await start('node', { timeoutMs: 300 })
    const silent = await nodes.start('silent')
    const channel = await node.connect(silent.listening[0]!)
    expect(await channel.whenTrusted().catch((error: unknown) => error)).to.have.property('code', 'E_HANDSHAKE_TIMEOUT')
    await eventually(() => channel.closed)
  })
})
