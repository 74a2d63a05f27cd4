// Whom the dialer dials, and when.
import { expect } from 'chai'
import { P2PNetError } from '../../../../core/errors.ts'
import type { PeerChannel } from '../../../../core/peers/channel.ts'
import type { DialTarget, Peer } from '../../../../core/peers/peer.ts'
import dialer from '../../../../plugins/discovery/dialer/index.ts'
import { fakeChannel, fakeContext, resolveOptions, type FakeContext } from '../../../support/fake-context.ts'

interface Dial {
  readonly target: DialTarget
  readonly signal: AbortSignal | undefined
  answer(channel?: PeerChannel): Promise<void>
  fail(): Promise<void>
}

describe('the dialer', () => {
  const nodes: FakeContext[] = []
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.leave()
  })

  /** A dialer whose dials the test answers. */
  const open = async (options: Record<string, unknown> = {}) => {
    const dials: Dial[] = []
    const connect = (target: DialTarget, { signal }: { signal?: AbortSignal } = {}) =>
      new Promise<PeerChannel>((resolve, reject) => {
        dials.push({
          target,
          signal,
          async answer(channel = fakeChannel({ peer: { address: target.host, port: target.port } })) {
            resolve(channel)
            await node.clock.advance(0)
          },
          async fail() {
            reject(new Error('nobody there'))
            await node.clock.advance(0)
          },
        })
        signal?.addEventListener('abort', () => {
          reject(signal.reason as Error)
        })
      })
    const node = fakeContext({ network: { connect } })
    nodes.push(node)
    node.node.listening.push({ scheme: 'tcp', host: '127.0.0.1', port: 4000 })
    dialer.setup(node.ctx, resolveOptions(dialer, options))
    await dialer.start?.(node.ctx)
    return {
      node,
      dials,
      hear: (peer: Peer) => {
        node.emit('candidate', peer)
      },
    }
  }
  const peer = (identifier: string | undefined, ...ports: number[]): Peer => ({
    ...(identifier !== undefined && { identifier }),
    addresses: ports.map((port) => ({ scheme: 'tcp', host: '127.0.0.1', port })),
    via: 'test',
    lastSeen: 0,
  })
  const portsOf = (dials: readonly Dial[]) => dials.map(({ target }) => target.port)

  it('dials a candidate at once, and expects to find whom it was told of', async () => {
    const { dials, hear } = await open()
    hear(peer('a', 5001))
    expect(dials.map(({ target }) => target)).to.deep.equal([
      { scheme: 'tcp', host: '127.0.0.1', port: 5001, identifier: 'a' },
    ])
  })

  it('dials an address once, however often it is heard of', async () => {
    const { node, dials, hear } = await open()
    hear(peer('a', 5001))
    hear(peer('a', 5001))
    await dials[0]!.fail()
    await node.clock.advance(60_000)
    expect(dials).to.have.lengthOf(1)
  })

  it('leaves an address that failed alone for a second, and twice as long each time, and dials when that is over', async () => {
    const { node, dials, hear } = await open()
    node.ctx.random.next = () => 0.5
    const start = node.clock.now()
    const times: number[] = []
    for (let i = 0; i < 120; i++) {
      hear(peer('a', 5001))
      if (dials.length > times.length) {
        times.push(node.clock.now() - start)
        await dials.at(-1)!.fail()
      }
      await node.clock.advance(500)
    }
    expect(times).to.deep.equal([0, 1000, 3000, 7000])
  })

  it('leaves an address that answered alone for 30 s, and dials it when it is heard of after that', async () => {
    const { node, dials, hear } = await open()
    hear(peer('a', 5001))
    const channel = fakeChannel({ peer: { address: '127.0.0.1', port: 5001 }, trusted: true })
    await dials[0]!.answer(channel)
    node.emit('peerRemoved', channel, new P2PNetError('E_DISCONNECTED', 'left'))
    await node.clock.advance(29_000)
    hear(peer('a', 5001))
    expect(dials).to.have.lengthOf(1)
    await node.clock.advance(1000)
    hear(peer('a', 5001))
    expect(dials).to.have.lengthOf(2)
  })

  it('tries the addresses of one peer one after the other, until one answers', async () => {
    const { node, dials, hear } = await open()
    hear(peer('a', 5001, 5002, 5003))
    expect(portsOf(dials)).to.deep.equal([5001])
    await dials[0]!.fail()
    await node.clock.advance(19)
    expect(portsOf(dials), 'not in a rush').to.deep.equal([5001])
    await node.clock.advance(1)
    expect(portsOf(dials)).to.deep.equal([5001, 5002])
    await dials[1]!.answer()
    expect(portsOf(dials)).to.deep.equal([5001, 5002])
  })

  it('has no more dials under way than it may, and goes on with the next', async () => {
    const { node, dials, hear } = await open({ concurrent: 2 })
    for (let i = 0; i < 5; i++) hear(peer(`p${i}`, 5000 + i))
    expect(portsOf(dials)).to.deep.equal([5000, 5001])
    await dials[1]!.answer()
    await dials[0]!.fail()
    await node.clock.advance(20)
    expect(portsOf(dials)).to.deep.equal([5000, 5001, 5002, 5003])
  })

  it('keeps no more waiting than it may', async () => {
    const { node, dials, hear } = await open({ concurrent: 1, queue: 3 })
    for (let i = 0; i < 100; i++) hear(peer(`p${i}`, 5000 + i))
    for (const dial of dials) {
      await dial.fail()
      await node.clock.advance(20)
    }
    expect(portsOf(dials)).to.deep.equal([5000, 5001, 5002, 5003])
    expect(node.log.filter(({ level }) => level !== 'debug')).to.deep.equal([])
  })

  const needless: [string, Peer, (node: FakeContext) => void][] = [
    ['itself by name', peer('me', 5001), () => undefined],
    ['itself by address', peer('a', 4000), () => undefined],
    [
      'itself by the address of an interface, when it listens on all',
      peer(undefined, 4000),
      ({ node }) => node.listening.splice(0, 1, { scheme: 'tcp', host: '0.0.0.0', port: 4000 }),
    ],
    [
      'whom it has a channel with',
      peer('a', 5001),
      ({ node }) => node.channels.push(fakeChannel({ peer: { identifier: 'a', address: '127.0.0.1', port: 1 } })),
    ],
    [
      'an address it has a channel with',
      peer(undefined, 5001),
      ({ node }) => node.channels.push(fakeChannel({ peer: { address: '127.0.0.1', port: 5001 } })),
    ],
  ]
  for (const [whom, candidate, prepare] of needless)
    it(`does not dial ${whom}`, async () => {
      const { node, dials, hear } = await open()
      prepare(node)
      hear(candidate)
      expect(dials).to.have.lengthOf(0)
    })

  it('does not dial again whom it has reached, before the peer has said its name, but does when the channel is gone', async () => {
    const { node, dials, hear } = await open()
    hear(peer('a', 5001))
    const channel = fakeChannel({ peer: { address: '127.0.0.1', port: 5001 } })
    await dials[0]!.answer(channel)
    hear(peer('a', 5002))
    expect(dials).to.have.lengthOf(1)
    node.emit('peerRemoved', channel, new P2PNetError('E_DISCONNECTED', 'gone'))
    hear(peer('a', 5002))
    expect(portsOf(dials)).to.deep.equal([5001, 5002])
  })

  it('waits with what it hears before the node is up, and gives up its dials when it leaves', async () => {
    const node = fakeContext()
    nodes.push(node)
    dialer.setup(node.ctx, resolveOptions(dialer))
    node.emit('candidate', peer('a', 5001))
    expect(node.dials).to.have.lengthOf(0)
    await dialer.start?.(node.ctx)
    expect(node.dials).to.have.lengthOf(1)

    const { node: other, dials, hear } = await open({ concurrent: 1 })
    hear(peer('a', 5001))
    hear(peer('b', 5002))
    await other.leave()
    await other.clock.advance(0)
    expect(dials[0]!.signal?.aborted).to.equal(true)
    expect(dials).to.have.lengthOf(1)
    expect(other.log).to.deep.equal([])
    nodes.splice(nodes.indexOf(other), 1)
  })
})
