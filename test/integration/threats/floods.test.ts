// Many connections, and slow ones: who holds how many places, for how long, and who gets in meanwhile.
import { connect, type Socket } from 'node:net'
import { expect } from 'chai'
import type { Config, PeerNetwork } from 'p2pnet'
import { connect as connectNodes, event, Nodes } from '../../support/nodes.ts'
import { until } from '../../support/until.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { frameOf, newKeys, session } from '../../plugins/trust/handshake-key/parties.ts'
import { recommended, TlsPeer } from './recommended.ts'

type Limits = NonNullable<Config['limits']>

/** The deadline of handshake-key, in ms. */
const timeoutMs = 5000
/** How long somebody who is refused may take to hear why, in ms. */
const goodbyeMs = 1000

describe('a flood of connections', function () {
  this.timeout(30_000)
  const nodes = new Nodes()
  const sockets: Socket[] = []
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await nodes.clean()
  })

  function silent(node: PeerNetwork, localAddress: string): Socket {
    const { host, port } = node.listening[0]!
    const socket = connect({ host, port, localAddress }).resume()
    socket.on('error', () => undefined)
    sockets.push(socket)
    return socket
  }
  /** Says the first message of an honest handshake, a byte now and then. */
  function dripping(node: PeerNetwork, from: string): Socket {
    const bytes = frameOf(session('dialler', newKeys()).begin()!)
    const socket = silent(node, from)
    let at = 0
    const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), 20)
    socket.once('close', () => {
      clearInterval(timer)
    })
    return socket
  }
  const isOpen = ({ destroyed }: Socket) => !destroyed

  const overTcp: Config = {
    plugins: [
      'transport-tcp',
      { use: 'transport-tls', enabled: false },
      { use: 'trust-incoming', options: { trustedLevel: 'identified' } },
    ],
  }
  const room = { maxConnections: 1000, maxInbound: 1000, perAddress: 1000, pendingHandshakes: 1000 }
  const rows: { what: string; limits: Limits; holds: number }[] = [
    { what: 'where the limits leave room for all', limits: room, holds: 400 },
    // Eight for each address.
    { what: 'at the limits of the default', limits: {}, holds: 16 },
  ]
  for (const { what, limits, holds } of rows)
    it(`over TCP, two hundred silent and two hundred that drip ${what}, is gone by the deadline, and an honest peer gets in meanwhile`, async () => {
      const clock = new VirtualClock()
      const node = await recommended(nodes, { ...overTcp, limits }, { clock })
      const flood = [
        ...Array.from({ length: 200 }, () => silent(node, '127.0.0.2')),
        ...Array.from({ length: 200 }, () => dripping(node, '127.0.0.3')),
      ]
      await until(
        'all but those who hold a place are refused',
        () => [...node.channels].length === holds && flood.filter(isOpen).length === holds,
      )
      const honest = await recommended(nodes, overTcp, { host: '127.0.0.4' })
      const [channel] = await connectNodes(honest, node)
      await clock.advance(timeoutMs - 1)
      expect(flood.filter(isOpen)).to.have.length(holds)
      await clock.advance(1 + goodbyeMs)
      await until('the flood is gone', () => !flood.some(isOpen))
      expect([...node.channels]).to.have.length(1)
      expect(channel.closed).to.equal(false)
    })

  it('of two thousand from one address over TLS holds eight places at most, and an honest peer from another gets in within two seconds', async () => {
    const node = await recommended(nodes)
    const flood: Socket[] = []
    let honest: Promise<number> | undefined
    for (let i = 0; i < 2000; i += 100) {
      const wave = Array.from({ length: 100 }, () => silent(node, '127.0.0.2'))
      honest ??= recommended(nodes, {}, { host: '127.0.0.3' }).then(async (other) => {
        const begun = performance.now()
        await connectNodes(other, node)
        return performance.now() - begun
      })
      flood.push(...wave)
      await Promise.all(
        wave.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))),
      )
      // Eight, and four who might have been told why they may not.
      await until('the rest is cut off', () => flood.filter(isOpen).length <= 12)
    }
    expect(flood.filter(isOpen)).to.have.lengthOf.within(8, 12)
    expect(await honest).to.be.below(2000)
    expect(node.decisions({ peer: '127.0.0.2' })[0]).to.include({ code: 'E_LIMIT', hook: 'limits.perAddress' })
  })

  it('of a thousand keys from one address holds eight channels at most, and a key that leaves makes room for one', async () => {
    const node = await recommended(nodes)
    let most = 0
    const seen = new Set<string>()
    node.on('peerAdded', (channel) => {
      most = Math.max(most, [...node.channels].length)
      seen.add(channel.peerKey ?? '')
    })
    const peers: TlsPeer[] = []
    for (let i = 0; i < 1000; i += 50) {
      const wave = Array.from({ length: 50 }, () => new TlsPeer(node, '127.0.0.2'))
      for (const { socket } of wave) sockets.push(socket)
      if (i === 0) await until('eight are in', () => [...node.channels].length === 8)
      await until('the rest is refused', () => wave.filter(({ isClosed }) => !isClosed).length <= (i === 0 ? 8 : 0))
      peers.push(...wave)
    }
    const inside = peers.filter(({ isClosed }) => !isClosed)
    expect([most, seen.size, inside.length]).to.deep.equal([8, 8, 8])
    const removed = event(node, 'peerRemoved')
    inside[0]!.socket.destroy()
    await removed
    const late = new TlsPeer(node, '127.0.0.2')
    sockets.push(late.socket)
    await late.shake(node)
    expect([most, seen.size]).to.deep.equal([8, 9])
  })
})
