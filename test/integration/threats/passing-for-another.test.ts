// Spoofed names, replays and relays, against nodes of the recommended preset.
import { once } from 'node:events'
import {
  connect as connectTcp,
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { expect } from 'chai'
import type { NetworkPacket, PeerNetwork } from 'p2pnet'
import { honest } from '../../plugins/transport/tls/certificates.ts'
import { connect, eventually, Nodes } from '../../support/nodes.ts'
import { until } from '../../support/until.ts'
import { recommended, TlsPeer } from './recommended.ts'

describe('a node of the recommended preset', () => {
  const nodes = new Nodes()
  const servers: Server[] = []
  const sockets = new Set<Socket>()
  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    for (const server of servers.splice(0)) server.close()
    sockets.clear()
    await nodes.clean()
  })

  /** Listens for one node, and hands every connection on. */
  async function middle(server: Server): Promise<{ host: string; port: number }> {
    servers.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
  }
  const keep = <S extends Socket>(socket: S): S => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    return socket
  }
  const pipe = (from: Socket, to: Socket, note?: (chunk: Buffer) => void) => {
    from.on('data', (chunk: Buffer) => {
      note?.(chunk)
      to.write(chunk)
    })
    from.on('end', () => to.end())
    from.on('close', () => to.destroy())
  }
  const trusts = (node: PeerNetwork) => node.trustedChannels.length

  it('hands on none of a thousand packets in which a proved peer gives itself another trusted name; the third closes', async () => {
    const node = await recommended(nodes)
    const alice = await recommended(nodes)
    await connect(alice, node)
    const heard: (string | undefined)[] = []
    node.on('packet', ({ type, sourceOriginIdentifier: from }: NetworkPacket) => {
      if (type === 'PureMessage') heard.push(from)
    })
    const mallory = new TlsPeer(node, '127.0.0.2')
    keep(mallory.socket)
    await mallory.shake(node)
    await eventually(() => trusts(node) === 2)
    const lie = { type: 'PureMessage', message: 'I am alice', sourceOriginIdentifier: alice.identifier }
    mallory.say(...Array<object>(1000).fill(lie))
    expect(await mallory.farewell()).to.equal('E_ORIGIN: a packet carries the identifier of somebody else')
    expect(heard).to.deep.equal([])
    const about = node.decisions({ peer: mallory.keys.identifier }).filter(({ code }) => code === 'E_ORIGIN')
    expect(about.map(({ count }) => count)).to.deep.equal([3])
    await alice.trustedChannels[0]!.send({ type: 'PureMessage', message: 'I am still alice' })
    await eventually(() => heard.length === 1)
    expect(heard).to.deep.equal([alice.identifier])
  })

  it('believes none of a hundred replays of what a trusted peer said when it came', async () => {
    const node = await recommended(nodes, { limits: { banScore: 'unlimited' } })
    const said: Buffer[] = []
    const place = await middle(
      createTcpServer((socket) => {
        const onward = keep(connectTcp(node.listening[0]!))
        pipe(keep(socket), onward, (chunk) => said.push(Buffer.from(chunk)))
        pipe(onward, socket)
      }),
    )
    const alice = await recommended(nodes)
    const channel = await alice.connect(place)
    await channel.whenTrusted()
    await eventually(() => trusts(node) === 1)
    await channel.send({ type: 'PureMessage', message: 'hello' })
    let [answered, failed] = [0, 0]
    for (let i = 0; i < 100; i++) {
      // Chunk after chunk as it was said, each when the node has answered, so that it is taken for a conversation.
      const socket = keep(connectTcp({ ...node.listening[0]!, localAddress: `127.0.2.${String(i + 1)}` }))
      const gone = once(socket, 'close')
      socket.once('data', () => {
        answered++
        socket.write(Buffer.concat(said.slice(1)))
      })
      socket.write(said[0]!)
      await gone
      failed++
      expect([...node.channels]).to.have.length(1)
    }
    expect([answered, failed, trusts(node)]).to.deep.equal([100, 100, 1])
    const codes = node.decisions().flatMap(({ plugin, code }) => (plugin === 'transport-tls' ? [code] : []))
    expect(new Set(codes)).to.deep.equal(new Set(['E_HANDSHAKE']))
    expect(channel.closed).to.equal(false)
  })

  it('is not believed, nor believes, through somebody with a key of their own who relays every byte of the handshake', async () => {
    const [alice, bob] = [await recommended(nodes), await recommended(nodes)]
    const { host, port } = bob.listening[0]!
    let relayed = 0
    const mallory = honest()
    const options = { ...mallory, rejectUnauthorized: false, ALPNProtocols: ['p2pnet/1'] }
    const place = await middle(
      createTlsServer({ ...options, requestCert: true, minVersion: 'TLSv1.3' }, (socket) => {
        const onward = keep(connectTls({ ...options, host, port }))
        const count = (chunk: Buffer) => (relayed += chunk.byteLength)
        pipe(keep(socket), onward, count)
        pipe(onward, socket)
      }),
    )
    const unnamed = await alice.connect(place)
    const error: unknown = await unnamed.whenTrusted().catch((thrown: unknown) => thrown)
    expect(error).to.have.property('code', 'E_HANDSHAKE')
    await until('bob has had enough', () => [...bob.channels].length === 0)
    expect(
      bob
        .decisions()
        .map(({ reason }) => reason)
        .join(),
    ).to.include('another key than the one that the transport proved')
    expect(relayed).to.be.above(0)
    // Whoever knows whom they dial says nothing at all.
    const named = await alice.connect({ ...place, identifier: bob.identifier })
    expect(await named.whenTrusted().catch((thrown: unknown) => thrown)).to.have.property('code', 'E_WRONG_PEER')
    expect(named.stats.packetsOut).to.equal(0)
    expect([trusts(alice), trusts(bob)]).to.deep.equal([0, 0])
  })
})
