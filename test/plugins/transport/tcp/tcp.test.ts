import { expect } from 'chai'
import { once } from 'node:events'
import { connect as netConnect, createServer, Socket, type AddressInfo } from 'node:net'
import type { Connection, Transport } from 'p2pnet'
import tcp from '../../../../plugins/transport/tcp/index.ts'
import { eventually, Nodes } from '../../../support/nodes.ts'
import { fakeContext, resolveOptions, type FakeContext } from '../../../support/fake-context.ts'

const never = new AbortController().signal

function open(options: object = {}): { transport: Transport; fake: FakeContext } {
  const fake = fakeContext()
  tcp.setup(fake.ctx, resolveOptions(tcp, { ...options }))
  return { transport: fake.transports.get('tcp')!, fake }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const failure = (work: Promise<unknown>): Promise<Error & { code: string }> =>
  work.then(
    () => {
      throw new Error('it was expected to fail')
    },
    (error: unknown) => error as Error & { code: string },
  )

describe('transport-tcp', () => {
  it('connects two ends, and closing the listener leaves them be', async () => {
    const { transport } = open()
    const accepted: Connection[] = []
    const listener = await transport.listen({ host: '127.0.0.1', port: 0 }, (connection) => accepted.push(connection))
    expect(listener.host).to.equal('127.0.0.1')
    expect(listener.port).to.be.above(0)
    const connection = await transport.dial({ host: '127.0.0.1', port: listener.port }, never)
    await eventually(() => accepted.length === 1)
    expect(connection.remotePort).to.equal(listener.port)
    await listener.close()
    connection.write('hello')
    const [chunk] = (await once(accepted[0]!, 'data')) as [Buffer]
    expect(chunk.toString()).to.equal('hello')
    expect((await failure(transport.dial({ host: '127.0.0.1', port: listener.port }, never))).code).to.equal('E_DIAL')
    connection.destroy()
    accepted[0]?.destroy()
  })

  it('says why it cannot listen or dial', async () => {
    const { transport } = open()
    const port = await freePort()
    const refused = await failure(transport.dial({ host: '127.0.0.1', port }, never))
    expect(refused).to.include({
      code: 'E_DIAL',
      message: `cannot reach 127.0.0.1:${String(port)}: nobody listens there (ECONNREFUSED)`,
    })
    const listener = await transport.listen({ host: '127.0.0.1', port: 0 }, () => undefined)
    const taken = await failure(transport.listen({ host: '127.0.0.1', port: listener.port }, () => undefined))
    expect(taken.code).to.equal('E_LISTEN')
    expect(taken.message).to.contain('the port is taken (EADDRINUSE)')
    await listener.close()
  })

  it('gives a dial up when it takes too long, or when the caller does not want it any more', async () => {
    const { transport, fake } = open({ dialMs: 1000 })
    const sockets: Socket[] = []
    fake.ctx.net.connect = () => {
      const socket = new Socket() // never gets anywhere
      sockets.push(socket)
      return socket
    }
    const late = failure(transport.dial({ host: '127.0.0.1', port: 1 }, never))
    await fake.clock.advance(1000)
    expect((await late).message).to.contain('no answer within 1000 ms')
    const abort = new AbortController()
    const given = failure(transport.dial({ host: '127.0.0.1', port: 1 }, abort.signal))
    abort.abort(new Error('enough'))
    expect((await given).message).to.contain('given up')
    expect(sockets.map(({ destroyed }) => destroyed)).to.deep.equal([true, true])
    expect(fake.clock.pending).to.equal(0)
  })

  it('is not taken in by a dial that reaches itself', async () => {
    const { transport, fake } = open()
    const port = await freePort()
    fake.ctx.net.connect = ((options: object) =>
      netConnect({ ...options, localAddress: '127.0.0.1', localPort: port } as never)) as never
    const error = await failure(transport.dial({ host: '127.0.0.1', port }, never))
    expect(error).to.include({
      code: 'E_DIAL',
      message: `cannot reach 127.0.0.1:${String(port)}: nobody listens there`,
    })
  })
})

describe('a node that listens where somebody else does', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  it('does not start, with E_LISTEN, and is closed again', async () => {
    const first = await nodes.start('first')
    const second = await nodes.create('second', [], {}, { port: first.listening[0]!.port })
    expect(await second.start().catch((error: unknown) => error)).to.have.property('code', 'E_LISTEN')
    expect(second.state).to.equal('stopped')
  })
})
