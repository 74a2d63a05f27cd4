import { expect } from 'chai'
import { once } from 'node:events'
import { connect as connectTcp, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer, type TlsOptions, type TLSSocket } from 'node:tls'
import type { Connection } from 'p2pnet'
import { testKeys } from '../../../support/keys.ts'
import { until } from '../../../support/until.ts'
import { closed, failure, listen, never, openTransport, type Hall, type OpenTransport } from '../open.ts'
import { chainOfTwo, expired, honest, selfSigned, signedByAnother } from './certificates.ts'

const label = 'EXPORTER-p2pnet-test'

async function open(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

describe('transport-tls', () => {
  let node: OpenTransport
  let hall: Hall
  beforeEach(async () => {
    node = openTransport('tls')
    hall = await listen(node)
  })
  afterEach(() => hall.close())
  const newest = async (count: number): Promise<Connection> => {
    await until(`connection ${String(count)}`, () => hall.connections.length === count)
    return hall.connections[count - 1]!
  }

  it('tells both ends whose key the other holds, and what binds a handshake to this connection alone', async () => {
    const peer = openTransport('tls')
    const at = { host: '127.0.0.1', port: hall.port }
    const here = await peer.transport.dial(at, never)
    const there = await newest(1)
    expect(here.peerKey).to.equal(node.keys.identifier)
    expect(there.peerKey).to.equal(peer.keys.identifier)
    const bytes = here.exporter!(label, 32)
    expect(bytes).to.have.length(32)
    expect(there.exporter!(label, 32)).to.deep.equal(bytes)
    expect(here.exporter!(`${label}-other`, 32)).not.to.deep.equal(bytes)
    const again = await peer.transport.dial(at, never)
    expect(again.exporter!(label, 32)).not.to.deep.equal(bytes)
    expect((await newest(2)).exporter!(label, 32)).to.deep.equal(again.exporter!(label, 32))
    here.destroy()
    again.destroy()
    expect(() => here.exporter!(label, 32))
      .to.throw()
      .with.property('code', 'E_CLOSED')
  })

  it('keeps what comes right behind the handshake for whoever reads the connection', async () => {
    const socket = connectTls({
      host: '127.0.0.1',
      port: hall.port,
      rejectUnauthorized: false,
      ALPNProtocols: ['p2pnet/1'],
      ...honest(),
    })
    socket.on('error', () => undefined)
    socket.write('at once')
    const there = await newest(1)
    expect(String((await once(there, 'data'))[0])).to.equal('at once')
    socket.destroy()
  })

  it('resumes no session, so that a second connection shows its own certificate', async () => {
    const client = (shown: { cert: string; key: string }, session?: Buffer) =>
      connectTls({
        host: '127.0.0.1',
        port: hall.port,
        rejectUnauthorized: false,
        ALPNProtocols: ['p2pnet/1'],
        ...shown,
        ...(session !== undefined && { session }),
      }).on('error', () => undefined)
    const [first, second] = [testKeys(), testKeys()]
    const before = client(honest(first))
    // Tickets come with TLS 1.3 whether or not they are good for anything.
    const [session] = (await once(before, 'session')) as [Buffer]
    expect((await newest(1)).peerKey).to.equal(first.identifier)
    before.destroy()
    const after = client(honest(second), session)
    await once(after, 'secureConnect')
    const there = await newest(2)
    expect(after.isSessionReused()).to.equal(false)
    expect(there.peerKey).to.equal(second.identifier)
    after.destroy()
  })

  it('does not care for dates: the key is who somebody is', async () => {
    const keys = testKeys()
    const options = { host: '127.0.0.1', port: hall.port, rejectUnauthorized: false, ALPNProtocols: ['p2pnet/1'] }
    const socket = connectTls({ ...options, ...expired(keys) }).on('error', () => undefined)
    expect((await newest(1)).peerKey).to.equal(keys.identifier)
    socket.destroy()
  })

  for (const side of ['the answerer', 'the dialler'] as const)
    it(`closes the connection when what ${side} gets was changed on the way`, async () => {
      let tamper = false
      const spoil = (chunk: Buffer, when: boolean) => {
        if (tamper && when) chunk[chunk.length - 1] = chunk[chunk.length - 1]! ^ 1
        return chunk
      }
      const sockets: Socket[] = []
      const proxy = createServer((client) => {
        const server = connectTcp({ host: '127.0.0.1', port: hall.port })
        sockets.push(client, server)
        for (const socket of [client, server]) socket.on('error', () => undefined)
        client.on('data', (chunk) => server.write(spoil(chunk, side === 'the answerer')))
        server.on('data', (chunk) => client.write(spoil(chunk, side === 'the dialler')))
      })
      const peer = openTransport('tls')
      const here = await peer.transport.dial({ host: '127.0.0.1', port: await open(proxy) }, never)
      const there = await newest(1)
      const [from, to] = side === 'the answerer' ? [here, there] : [there, here]
      from.write('first')
      expect(String((await once(to, 'data'))[0])).to.equal('first')
      tamper = true
      const heard: unknown[] = []
      to.on('data', (chunk) => heard.push(chunk))
      const broken = once(to, 'error')
      const gone = closed(to)
      from.write('second')
      expect(((await broken)[0] as Error & { code: string }).code).to.match(/^ERR_SSL_/)
      await gone
      expect(heard).to.deep.equal([])
      for (const socket of sockets) socket.destroy()
      proxy.close()
    })

  it('does not listen without a key', async () => {
    const keyless = openTransport('tls')
    keyless.fake.ctx.use = () => {
      throw Object.assign(new Error('no key yet'), { code: 'E_STATE' })
    }
    const work = keyless.transport.listen({ host: '127.0.0.1', port: 0 }, () => undefined)
    expect(await failure(work)).to.have.property('code', 'E_STATE')
    const dial = keyless.transport.dial({ host: '127.0.0.1', port: hall.port }, never)
    expect(await failure(dial)).to.have.property('code', 'E_STATE')
    expect(node.accepted).to.deep.equal([])
  })
})

describe('transport-tls, dialling somebody who', () => {
  const tls = (shown: TlsOptions) =>
    createTlsServer({ requestCert: true, rejectUnauthorized: false, ALPNProtocols: ['p2pnet/1'], ...shown })
  const cases: {
    name: string
    server: (dialler: OpenTransport) => Server
    code: string
    says: string
    told?: true
    waits?: true
  }[] = [
    { name: 'shows an RSA certificate', server: () => tls(selfSigned('rsa')), code: 'E_DIAL', says: 'failed' },
    {
      name: 'shows a certificate that another key signed',
      server: () => tls(signedByAnother()),
      code: 'E_HANDSHAKE',
      says: 'its certificate is not signed with its own key',
      told: true,
    },
    {
      name: 'shows two certificates',
      server: () => tls(chainOfTwo()),
      code: 'E_HANDSHAKE',
      says: 'it showed more than one certificate',
      told: true,
    },
    {
      name: "holds the node's own key",
      server: ({ keys }) => tls(honest(keys)),
      code: 'E_SELF',
      says: 'it holds the key of this very node',
      told: true,
    },
    {
      name: 'speaks TLS 1.2',
      server: () => tls({ ...honest(), maxVersion: 'TLSv1.2' }),
      code: 'E_DIAL',
      says: 'it does not speak TLS 1.3',
    },
    {
      name: 'speaks another protocol',
      server: () => tls({ ...honest(), ALPNProtocols: ['h2'] }),
      code: 'E_DIAL',
      says: 'it does not speak p2pnet/1',
    },
    {
      name: 'names no protocol',
      server: () => createTlsServer(honest()),
      code: 'E_HANDSHAKE',
      says: 'it does not speak p2pnet/1',
      told: true,
    },
    {
      name: 'does not speak TLS',
      server: () => createServer((socket) => socket.write('hello, who is there?')),
      code: 'E_DIAL',
      says: 'it does not speak TLS',
    },
    {
      name: 'leaves at once',
      server: () => createServer((socket) => socket.end()),
      code: 'E_DIAL',
      says: 'it left during the handshake',
    },
    {
      name: 'breaks off',
      server: () => createServer((socket) => socket.once('data', () => socket.resetAndDestroy())),
      code: 'E_DIAL',
      says: 'it left during the handshake',
    },
    {
      name: 'says nothing',
      server: () => createServer(),
      code: 'E_DIAL',
      says: 'no answer within 1000 ms',
      waits: true,
    },
  ]
  for (const { name, server: make, code, says, told, waits } of cases)
    it(`${name}: gives up with ${code}, and nobody is let near the kernel`, async () => {
      const dialler = openTransport('tls', { limits: { handshakeMs: 1000 } })
      const server = make(dialler)
      server.on('tlsClientError', () => undefined)
      const sockets: Socket[] = []
      server.on('connection', (socket) => sockets.push(socket.on('error', () => undefined)))
      server.on('secureConnection', (socket: TLSSocket) => socket.on('error', () => undefined))
      const port = await open(server)
      const dial = failure(dialler.transport.dial({ host: '127.0.0.1', port }, never))
      await until('the connection', () => sockets.length === 1)
      if (waits) await once(sockets[0]!, 'data')
      await dialler.fake.clock.advance(999)
      if (waits) await dialler.fake.clock.advance(1)
      const error = await dial
      expect(error.code).to.equal(code)
      expect(error.message)
        .to.contain(`cannot reach 127.0.0.1:${String(port)}: `)
        .and.to.contain(says)
      expect(dialler.refused).to.deep.equal(told ? [`${code} ${says} | 127.0.0.1 | transport.tls`] : [])
      await Promise.all(sockets.filter(({ destroyed }) => !destroyed).map((socket) => closed(socket.resume())))
      await dialler.fake.clock.advance(1000)
      expect(dialler.fake.clock.pending).to.equal(0)
      server.close()
    })
})
