import { expect } from 'chai'
import { definePlugin, type Config, type PeerNetwork, type Plugin } from 'p2pnet'
import { connect, event, eventually, Nodes } from '../../support/nodes.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { frame } from '../../support/wire-codec.ts'
import { WirePeer } from '../../support/wire-peer.ts'

type Limits = NonNullable<Config['limits']>

const tick = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const codes = (node: PeerNetwork, peer?: string) =>
  node.decisions(peer === undefined ? {} : { peer }).map(({ code, hook }) => `${code} ${hook}`)

/** A handshake that never ends by itself, and does not look whether anybody is left. */
function handshakeWithoutEnd(): Plugin {
  return definePlugin({
    name: 'handshake-without-end',
    version: '1.0.0',
    api: 1,
    setup(ctx) {
      ctx.hooks.trust.handshake.tapPromise(() => new Promise(() => undefined), { stage: -20 })
    },
  })
}

describe('a limit', () => {
  const nodes = new Nodes()
  const peers: WirePeer[] = []
  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.destroy()
    await nodes.clean()
  })
  const dial = async (node: PeerNetwork, from?: string) => {
    const peer = await WirePeer.dial(node, from === undefined ? {} : { from })
    peers.push(peer)
    return peer
  }
  const limited = (limits: Limits, plugins: Plugin[] = []) => nodes.start('node', plugins, { limits })

  /** Doors: `admitted` may come in, the next one is told E_LIMIT, and may when one has left. */
  const doors: { name: keyof Limits; limits: Limits; admitted: string[]; refused: string; still?: string }[] = [
    {
      name: 'maxConnections',
      limits: { maxConnections: 3 },
      admitted: ['127.0.0.2', '127.0.0.3', '127.0.0.4'],
      refused: '127.0.0.5',
    },
    { name: 'maxInbound', limits: { maxInbound: 2 }, admitted: ['127.0.0.2', '127.0.0.3'], refused: '127.0.0.4' },
    {
      name: 'perAddress',
      limits: { perAddress: 2 },
      admitted: ['127.0.0.2', '127.0.0.2'],
      refused: '127.0.0.2',
      still: '127.0.0.3',
    },
  ]
  for (const { name, limits, admitted, refused, still } of doors)
    it(`of ${name} is kept at the door, and a place that is left is free again`, async () => {
      const node = await limited(limits)
      const inside = await Promise.all(admitted.map((from) => dial(node, from)))
      await eventually(() => [...node.channels].length === admitted.length)
      const late = await dial(node, refused)
      expect(await late.farewell()).to.match(/^E_LIMIT: /)
      await late.closed
      expect(codes(node, refused)).to.include(`E_LIMIT limits.${name}`)
      if (still !== undefined) {
        await dial(node, still)
        await eventually(() => [...node.channels].length === admitted.length + 1)
      }
      inside[0]?.destroy()
      await eventually(() => [...node.channels].length < admitted.length + (still === undefined ? 0 : 1))
      await dial(node, refused)
      await eventually(() => [...node.channels].length === admitted.length + (still === undefined ? 0 : 1))
    })

  it('of maxOutbound counts dials that are under way', async () => {
    const node = await limited({ maxOutbound: 3 })
    const server = await nodes.start('server')
    const dials = await Promise.allSettled(Array.from({ length: 8 }, () => node.connect(server.listening[0]!)))
    const refusals = dials.flatMap((dialled) => (dialled.status === 'rejected' ? [dialled.reason as unknown] : []))
    expect(refusals).to.have.length(5)
    for (const refusal of refusals) expect(refusal).to.include({ code: 'E_LIMIT', hook: 'limits.maxOutbound' })
    // A dial that failed gives its place back.
    for (const channel of node.channels) void channel.close()
    await eventually(() => [...node.channels].length === 0)
    for (let i = 0; i < 5; i++)
      expect(await node.connect({ host: '127.0.0.1', port: 1 }).catch((error: unknown) => error)).to.have.property(
        'code',
        'E_DIAL',
      )
    await connect(node, server)
  })

  it('of connections holds in a flood from one address, and others get in meanwhile', async () => {
    const node = await limited({ perAddress: 8 })
    let most = 0
    node.on('peerAdded', () => (most = Math.max(most, [...node.channels].length)))
    const flood = Array.from({ length: 300 }, () => WirePeer.dial(node, { from: '127.0.0.9' }).catch(() => undefined))
    const honest = await dial(node, '127.0.0.10')
    await eventually(() => [...node.channels].some(({ peer }) => peer.address === '127.0.0.10'))
    const all = await Promise.all(flood)
    for (const peer of all) if (peer !== undefined) peers.push(peer)
    expect(most).to.be.at.most(9)
    expect([...node.channels].filter(({ peer }) => peer.address === '127.0.0.9')).to.have.length(8)
    expect(honest.isClosed).to.equal(false)
    // The flood is one line with a count.
    expect(node.decisions({ peer: '127.0.0.9' }).length).to.be.at.most(2)
  })

  it('of pendingHandshakes counts handshakes under way, and not of those who have left', async () => {
    const node = await limited({ pendingHandshakes: 2, handshakeMs: 60_000 }, [handshakeWithoutEnd()])
    const [first, second] = [await dial(node), await dial(node)]
    await eventually(() => [...node.channels].length === 2)
    expect(await (await dial(node)).farewell()).to.equal('E_LIMIT: too many handshakes are under way')
    first.destroy()
    second.destroy()
    await eventually(() => [...node.channels].length === 0)
    await dial(node)
    await eventually(() => [...node.channels].length === 1)
  })

  it('of handshakeMs ends a handshake that does not end', async () => {
    const node = await limited({ handshakeMs: 200 }, [handshakeWithoutEnd()])
    const peer = await dial(node)
    expect(await peer.farewell()).to.equal('E_HANDSHAKE_TIMEOUT: the handshake did not finish within 200 ms')
    await peer.closed
    expect(codes(node)).to.include('E_HANDSHAKE_TIMEOUT trust.handshake')
  })

  it('of idleMs closes a channel on which nothing was heard, and none that says a word now and then', async () => {
    const node = await limited({ idleMs: 1000 })
    const [silent, talking] = [await dial(node, '127.0.0.2'), await dial(node, '127.0.0.3')]
    const saying = setInterval(() => {
      talking.send({ type: 'PureMessage', message: 'still here' })
    }, 300)
    const [, reason] = await event(node, 'peerRemoved')
    expect(reason.code).to.equal('E_IDLE')
    expect(await silent.farewell()).to.equal('E_IDLE: nothing was heard for 1000 ms')
    await tick(800)
    clearInterval(saying)
    expect(talking.isClosed).to.equal(false)
    expect(codes(node, '127.0.0.2')).to.include('E_IDLE limits.idleMs')
  })

  it('of idleMs is met by nodes that have nothing to say', async () => {
    const [one, two] = [await limited({ idleMs: 1000 }), await nodes.start('other', [], { limits: { idleMs: 1000 } })]
    const [channel, other] = await connect(one, two)
    await tick(2500)
    expect([channel.closed, other.closed]).to.deep.equal([false, false])
  })

  it('of frameBytesBeforeTrust holds until the peer is trusted, frameBytes ever after', async () => {
    let trust: (() => void) | undefined
    const held = definePlugin({
      name: 'handshake-held',
      version: '1.0.0',
      api: 1,
      setup(ctx) {
        ctx.hooks.trust.handshake.tapPromise(
          () =>
            new Promise(
              (resolve) =>
                (trust = () => {
                  resolve(3)
                }),
            ),
          { stage: -20 },
        )
      },
    })
    const node = await limited({ frameBytesBeforeTrust: 2048, frameBytes: 8192 }, [held])
    const big = (bytes: number) => frame({ code: 5, header: '', payload: Buffer.alloc(bytes - 20, 'x') })
    const early = await dial(node)
    early.write(big(2049))
    expect(await early.farewell()).to.equal('E_FRAME_TOO_LARGE: a frame of 2049 bytes, of 2048')
    await early.closed
    const peer = await dial(node)
    await eventually(() => [...node.channels][0])
    trust?.()
    await [...node.channels][0]?.whenTrusted()
    const heard = event(node, 'message')
    peer.write(big(8192))
    expect((await heard)[0]).to.have.length(8192 - 20)
    peer.write(big(8193))
    expect(await peer.farewell()).to.equal('E_FRAME_TOO_LARGE: a frame of 8193 bytes, of 8192')
    expect(codes(node)).to.include('E_FRAME_TOO_LARGE wire')
  })

  it('of frameBytes holds on the way out too', async () => {
    const [one, two] = [await limited({ frameBytes: 4096, frameBytesBeforeTrust: 4096 }), await nodes.start('other')]
    const [channel] = await connect(one, two)
    const send = channel.send({ type: 'PureMessage', message: 'x'.repeat(4096) })
    expect(await send.catch((error: unknown) => error)).to.have.property('code', 'E_FRAME_TOO_LARGE')
    expect(channel.closed).to.equal(false)
  })

  it('of knownPeers makes the one forgotten that was not heard of for longest, but nobody who is connected', async () => {
    const node = await limited({ knownPeers: 3 })
    const server = await nodes.start('server', [])
    const [channel, other] = await connect(node, server)
    other.post({ type: 'Identifier', data: 1, sourceOriginIdentifier: 'server' })
    await eventually(() => channel.peer.identifier)
    for (const name of ['a', 'b', 'c', 'd'])
      node.knownPeers.add({ host: '127.0.0.1', port: name.charCodeAt(0), identifier: name, via: 'test' })
    expect([...node.knownPeers].map(({ identifier }) => identifier)).to.deep.equal(['server', 'c', 'd'])
    node.knownPeers.add({ host: '127.0.0.1', port: 99, identifier: 'c', via: 'test' })
    node.knownPeers.add({ host: '127.0.0.1', port: 500, via: 'test' })
    expect([...node.knownPeers].map(({ identifier }) => identifier)).to.deep.equal(['server', 'c', undefined])
  })
})

describe('misbehaviour', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  async function offend(node: PeerNetwork, from: string, times: number): Promise<string> {
    let last = ''
    for (let i = 0; i < times; i++) {
      const peer = await WirePeer.dial(node, { from })
      peer.write(frame({ version: 7 }))
      last = await peer.farewell()
      await peer.closed
    }
    return last
  }

  it('bans an address when it adds up to banScore, open channels stay, and the ban ends after banMs', async () => {
    const clock = new VirtualClock()
    const node = await nodes.start('node', [], { limits: { banScore: 10, banMs: 30_000 } }, { clock })
    const before = await WirePeer.dial(node, { from: '127.0.0.7' })
    await eventually(() => [...node.channels].length === 1)
    // Two points each.
    expect(await offend(node, '127.0.0.7', 5)).to.match(/^E_FRAME_INVALID/)
    const refused = async (from: string) => (await WirePeer.dial(node, { from })).farewell()
    expect(await refused('127.0.0.7')).to.equal('E_BLOCKED: 127.0.0.7 is banned for a while')
    expect(codes(node, '127.0.0.7')).to.include('E_BLOCKED limits.banScore')
    const other = await WirePeer.dial(node, { from: '127.0.0.8' })
    await eventually(() => [...node.channels].length === 2)
    const heard = event(node, 'message')
    before.send({ type: 'PureMessage', message: 'I was here first' })
    await heard
    await clock.advance(29_999)
    expect(await refused('127.0.0.7')).to.equal('E_BLOCKED: 127.0.0.7 is banned for a while')
    await clock.advance(1)
    const again = await WirePeer.dial(node, { from: '127.0.0.7' })
    await eventually(() => [...node.channels].length === 3)
    const welcome = event(node, 'message')
    again.send({ type: 'PureMessage', message: 'never again' })
    expect((await welcome)[0]).to.equal('never again')
    for (const peer of [before, other, again]) peer.destroy()
  })

  it('keeps nobody from being dialled at that address, unless the operator has blocked it', async () => {
    const node = await nodes.start('node', [], { limits: { banScore: 4 } })
    const friend = await nodes.start('friend', [], {}, { host: '127.0.0.7' })
    await offend(node, '127.0.0.7', 2)
    expect(await offend(node, '127.0.0.7', 1)).to.match(/^E_BLOCKED/)
    const [channel] = await connect(node, friend)
    expect(channel.trusted).to.equal(true)
    await channel.close()
    await node.block('127.0.0.7')
    const dialled = await node.connect(friend.listening[0]!).catch((error: unknown) => error)
    expect(dialled).to.include({ code: 'E_BLOCKED', hook: 'network.block' })
  })

  it('is forgiven by unblock()', async () => {
    const node = await nodes.start('node', [], { limits: { banScore: 4 } })
    await offend(node, '127.0.0.7', 2)
    expect(await offend(node, '127.0.0.7', 1)).to.match(/^E_BLOCKED/)
    await node.unblock('127.0.0.7')
    expect(await offend(node, '127.0.0.7', 1)).to.match(/^E_FRAME_INVALID/)
  })

  it('counts by address and never by the identifier that is claimed', async () => {
    const node = await nodes.start('node', [], { limits: { banScore: 4 } })
    for (let i = 0; i < 3; i++) {
      const liar = await WirePeer.dial(node, { from: '127.0.0.7' })
      liar.introduce('victim')
      await eventually(() => i === 2 || [...node.channels].some(({ peer }) => peer.identifier === 'victim'))
      liar.write(frame({ version: 7 }))
      await liar.closed
    }
    const victim = await WirePeer.dial(node, { from: '127.0.0.8' })
    victim.introduce('victim')
    await eventually(() => [...node.channels].some(({ peer }) => peer.identifier === 'victim'))
    victim.destroy()
  })
})
