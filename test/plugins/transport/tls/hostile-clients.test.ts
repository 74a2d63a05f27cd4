import { expect } from 'chai'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { certificateFor } from '../../../../plugins/transport/tls/certificate.ts'
import { testKeys } from '../../../support/keys.ts'
import { until } from '../../../support/until.ts'
import { closed, listen, never, openTransport, type Hall, type OpenTransport } from '../open.ts'
import { chainOfTwo, honest, selfSigned, signedByAnother, smallOrderClaim, spelledOtherwise } from './certificates.ts'
import { claim } from './raw-client.ts'

type Client = (port: number, node: OpenTransport) => Socket

const tls =
  (options: (node: OpenTransport) => ConnectionOptions): Client =>
  (port, node) =>
    connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['p2pnet/1'], ...options(node) })

const plain =
  (speak: (socket: Socket) => void): Client =>
  (port) => {
    const socket = connectTcp({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      speak(socket)
    })
    return socket
  }

/** The first record of a TLS 1.3 client, as far as its fifth extension or so. */
const helloHead = Buffer.from('16030100c8010000c40303', 'hex')

function drip(socket: Socket): void {
  const bytes = Buffer.concat([helloHead, Buffer.alloc(0xc8)])
  let at = 0
  const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), 5)
  socket.once('close', () => {
    clearInterval(timer)
  })
}

const cases: { name: string; client: Client; refusal: RegExp; waits?: true }[] = [
  {
    name: 'shows no certificate',
    client: tls(() => ({})),
    refusal: /^E_HANDSHAKE it showed no certificate with an Ed25519 key/,
  },
  {
    name: 'shows an RSA certificate',
    client: tls(() => selfSigned('rsa')),
    refusal: /^E_HANDSHAKE it showed no certificate with an Ed25519 key/,
  },
  {
    name: 'shows a certificate of an elliptic curve',
    client: tls(() => selfSigned('ec')),
    refusal: /^E_HANDSHAKE it showed no certificate with an Ed25519 key/,
  },
  {
    name: 'shows a certificate that another key signed',
    client: tls(signedByAnother),
    refusal: /^E_HANDSHAKE its certificate is not signed with its own key/,
  },
  {
    name: 'shows two certificates',
    client: tls(chainOfTwo),
    refusal: /^E_HANDSHAKE it showed more than one certificate/,
  },
  {
    name: 'shows a key of small order, under which anything is signed',
    client: (port) => claim(port, smallOrderClaim()),
    refusal: /^E_KEY_INVALID the key is of small order/,
  },
  {
    name: 'shows a key that is spelled otherwise',
    client: (port) => claim(port, spelledOtherwise()),
    refusal: /^E_HANDSHAKE its key is spelled otherwise than in DER/,
  },
  {
    name: 'shows a certificate whose key it does not hold',
    client: (port) =>
      claim(port, { certificate: certificateFor(testKeys()), signature: (bytes) => testKeys().sign(bytes) }),
    refusal: /^E_HANDSHAKE the handshake failed \(ERR_SSL_/,
  },
  {
    name: "holds the node's own key",
    client: tls(({ keys }) => honest(keys)),
    refusal: /^E_SELF it holds the key of this very node/,
  },
  {
    name: 'speaks TLS 1.2',
    client: tls(() => ({ ...honest(), maxVersion: 'TLSv1.2' })),
    refusal: /^E_HANDSHAKE it does not speak TLS 1\.3/,
  },
  {
    name: 'speaks another protocol',
    client: tls(() => ({ ...honest(), ALPNProtocols: ['h2'] })),
    refusal: /^E_HANDSHAKE it does not speak p2pnet\/1/,
  },
  {
    name: 'names no protocol',
    client: tls(() => ({ ...honest(), ALPNProtocols: [] })),
    refusal: /^E_HANDSHAKE it does not speak p2pnet\/1/,
  },
  {
    name: 'does not speak TLS',
    client: plain((socket) => socket.write(Buffer.alloc(1024, 0xa5))),
    refusal: /^E_HANDSHAKE it does not speak TLS/,
  },
  {
    name: 'speaks HTTP',
    client: plain((socket) => socket.write('GET / HTTP/1.1\r\n\r\n')),
    refusal: /^E_HANDSHAKE it speaks HTTP/,
  },
  {
    name: 'begins a hello of a mebibyte',
    client: plain((socket) =>
      socket.write(Buffer.concat([Buffer.from('160301400001100000', 'hex'), Buffer.alloc(16380)])),
    ),
    refusal: /^E_HANDSHAKE the handshake failed \(ERR_SSL_[A-Z_]+\)/,
  },
  {
    name: 'leaves in the middle',
    client: plain((socket) => socket.end(helloHead)),
    refusal: /^E_HANDSHAKE it left during the handshake/,
  },
  {
    name: 'breaks off',
    client: plain((socket) => socket.resetAndDestroy()),
    refusal: /^E_HANDSHAKE it left during the handshake/,
  },
  {
    name: 'says nothing',
    client: plain(() => undefined),
    refusal: /^E_HANDSHAKE_TIMEOUT .* 1000 ms .*limits\.handshakeMs$/,
    waits: true,
  },
  {
    name: 'says half a hello',
    client: plain((socket) => socket.write(helloHead)),
    refusal: /^E_HANDSHAKE_TIMEOUT /,
    waits: true,
  },
  { name: 'says a byte now and then', client: plain(drip), refusal: /^E_HANDSHAKE_TIMEOUT /, waits: true },
]

describe('transport-tls, to somebody who', () => {
  let node: OpenTransport
  let hall: Hall
  let peer: OpenTransport
  beforeEach(async () => {
    node = openTransport('tls', { limits: { handshakeMs: 1000 } })
    hall = await listen(node)
    peer = openTransport('tls')
  })
  afterEach(() => hall.close())

  for (const { name, client, refusal, waits } of cases)
    it(`${name}: says no, tells the operator why, and serves others meanwhile`, async () => {
      const socket = client(hall.port, node)
      const gone = closed(socket.resume())
      await until('the connection', () => node.accepted.length === 1)
      const honestOne = await peer.transport.dial({ host: '127.0.0.1', port: hall.port }, never)
      await until('the honest peer', () => hall.connections.length === 1)
      expect(hall.connections[0]!.peerKey).to.equal(peer.keys.identifier)
      await node.fake.clock.advance(999)
      if (waits) expect([node.accepted[0]!.destroyed, hall.places], 'in time').to.deep.equal([false, 1])
      else await gone
      await node.fake.clock.advance(1)
      await gone
      await until('the refusal', () => node.refused.length > 0)
      expect(node.refused).to.have.length(1)
      expect(node.refused[0]).to.match(refusal).and.to.contain(' | 127.0.0.1 | ')
      expect(node.accepted[0]!.destroyed).to.equal(true)
      expect(hall.places).to.equal(0)
      expect(hall.connections).to.have.length(1)
      expect(hall.connections[0]!.destroyed, 'the honest one').to.equal(false)
      honestOne.destroy()
    })
})

describe('the client of these tests', () => {
  it('gets in when it holds the key, so that what is refused is refused for its key', async () => {
    const node = openTransport('tls')
    const hall = await listen(node)
    const keys = testKeys()
    const socket = claim(hall.port, { certificate: certificateFor(keys), signature: (bytes) => keys.sign(bytes) })
    await until('the connection', () => hall.connections.length === 1)
    expect(hall.connections[0]!.peerKey).to.equal(keys.identifier)
    socket.destroy()
    await hall.close()
  })
})

describe('handshakes of transport-tls', () => {
  const silent = plain(() => undefined)

  it('end when the kernel wants the place back, without a word, and without a refusal of their own', async () => {
    const node = openTransport('tls')
    const hall = await listen(node)
    const gone = closed(silent(hall.port, node).resume())
    await until('the connection', () => node.accepted.length === 1)
    hall.takeBack()
    await gone
    expect([hall.places, node.fake.clock.pending, node.refused]).to.deep.equal([0, 0, []])
    await hall.close()
  })

  it('end when the listener closes, and nobody is let in after that', async () => {
    const node = openTransport('tls')
    const hall = await listen(node)
    const sockets = [silent(hall.port, node), plain(drip)(hall.port, node)]
    const gone = sockets.map(closed)
    await until('both', () => node.accepted.length === 2)
    await hall.listener.close()
    await Promise.all(gone)
    expect([hall.places, hall.connections.length, node.fake.clock.pending]).to.deep.equal([0, 0, 0])
    expect(node.refused).to.deep.equal([])
  })

  it('end at the deadline, two hundred silent ones and two hundred that drip, and an honest peer gets in', async () => {
    const node = openTransport('tls', { limits: { handshakeMs: 1000 } })
    const hall = await listen(node)
    const clients = [...Array<Client>(200).fill(silent), ...Array<Client>(200).fill(plain(drip))]
    const gone = clients.map((client) => closed(client(hall.port, node)))
    await until('everybody', () => node.accepted.length === 400)
    const peer = openTransport('tls')
    const connection = await peer.transport.dial({ host: '127.0.0.1', port: hall.port }, never)
    await until('the honest peer', () => hall.connections.length === 1)
    await node.fake.clock.advance(1000)
    await Promise.all(gone)
    expect(node.accepted.filter(({ destroyed }) => !destroyed)).to.have.length(1)
    expect(connection.destroyed).to.equal(false)
    connection.destroy()
    await hall.close()
  })
})
