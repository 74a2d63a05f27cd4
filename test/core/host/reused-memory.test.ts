// Sockets of ctx.net that read into memory which is read into again: real ones, on loopback.
import { expect } from 'chai'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type AddressInfo, type Server, type Socket } from 'node:net'
import { ownSockets, type OwnSockets } from '../../../core/host/owned.ts'
import type { ReusingSocket } from '../../../core/host/reused-memory.ts'
import type { ChunkReader } from '../../../core/peers/transport.ts'
import { until } from '../../support/until.ts'

const mebibytes = 8 * 1024 * 1024

describe('a socket that reads into memory which is read into again', () => {
  let net: OwnSockets
  let server: Server
  let accepted: ReusingSocket[]
  beforeEach(async () => {
    net = ownSockets()
    accepted = []
    server = net.createServer({ reuseMemory: true }, (socket) => {
      socket.on('error', () => undefined)
      accepted.push(socket as ReusingSocket)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(() => net.release())

  const port = () => (server.address() as AddressInfo).port

  async function pair(): Promise<[ReusingSocket, ReusingSocket]> {
    const before = accepted.length
    const here = net.connect({ host: '127.0.0.1', port: port(), reuseMemory: true }) as ReusingSocket
    here.on('error', () => undefined)
    await once(here, 'connect')
    await until('the other end', () => accepted.length > before)
    return [here, accepted[before]!]
  }

  /** Collects copies of what comes. */
  function collect(memory: () => Uint8Array | undefined = () => undefined): ChunkReader & { heard: Buffer[] } {
    const heard: Buffer[] = []
    return { heard, memory, take: (chunk) => void heard.push(Buffer.from(chunk)) }
  }

  it('carries large payloads both ways at once, whole and in order, on both sides', async () => {
    const [here, there] = await pair()
    const [one, two] = [randomBytes(mebibytes), randomBytes(mebibytes)]
    const digest = (socket: ReusingSocket) => {
      const hash = createHash('sha256')
      let left = mebibytes
      return new Promise((resolve) => {
        socket.readInto({
          memory: () => undefined,
          take(chunk) {
            hash.update(chunk)
            left -= chunk.byteLength
            if (left === 0) resolve(hash.digest('hex'))
          },
        })
      })
    }
    const heard = [digest(there), digest(here)]
    here.write(one)
    there.write(two)
    expect(await Promise.all(heard)).to.deep.equal(
      [one, two].map((bytes) => createHash('sha256').update(bytes).digest('hex')),
    )
  })

  it('keeps what came before anybody read, and reads no more of it until then', async () => {
    const [here, there] = await pair()
    const all = randomBytes(mebibytes)
    const sent = new Promise((resolve) => here.write(all, resolve))
    await until('the first read', () => there.bytesRead > 0)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(there.bytesRead).to.be.at.most(65_536)
    const reader = collect()
    there.readInto(reader)
    await sent
    await until('everything', () => reader.heard.reduce((sum, { length }) => sum + length, 0) === all.length)
    expect(Buffer.concat(reader.heard).equals(all)).to.equal(true)
  })

  it('reads where it is told to, and elsewhere when it is not', async () => {
    const [here, there] = await pair()
    const own = Buffer.alloc(100)
    let use = false
    const reader = collect(() => (use ? own : undefined))
    there.readInto(reader)
    const send = async (text: string) => {
      const before = reader.heard.length
      here.write(text)
      await until(text, () => reader.heard.length > before)
    }
    await send('one')
    use = true
    await send('two') // was asked for before
    await send('three')
    expect(own.subarray(0, 5).toString()).to.equal('three')
    use = false
    await send('four')
    await send('five')
    expect(own.subarray(0, 5).toString()).to.equal('foure')
    expect(reader.heard.map(String)).to.deep.equal(['one', 'two', 'three', 'four', 'five'])
  })

  it('stops while it is paused, also out of a read, and goes on after', async () => {
    const [here, there] = await pair()
    const heard: number[] = []
    there.readInto({
      memory: () => undefined,
      take(chunk) {
        heard.push(chunk.byteLength)
        if (heard.length === 1) there.pause()
      },
    })
    here.write(Buffer.alloc(mebibytes))
    await until('the first read', () => heard.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(heard).to.have.lengthOf(1)
    there.resume()
    await until('everything', () => heard.reduce((sum, bytes) => sum + bytes, 0) === mebibytes)
  })

  it('ends when the other side has said its last, and everything before that arrives', async () => {
    const [here, there] = await pair()
    const reader = collect()
    there.readInto(reader)
    here.readInto(collect())
    here.end('goodbye')
    await Promise.all([once(there, 'end'), once(here, 'close'), once(there, 'close')])
    expect(Buffer.concat(reader.heard).toString()).to.equal('goodbye')
  })

  it('says when the other side resets it', async () => {
    const [here, there] = await pair()
    there.readInto(collect())
    const failed = once(there, 'error') as Promise<[NodeJS.ErrnoException]>
    here.resetAndDestroy()
    expect((await failed)[0].code).to.equal('ECONNRESET')
  })

  it('knows both ends of it', async () => {
    const [here, there] = await pair()
    expect(there).to.include({ remoteAddress: '127.0.0.1', remotePort: here.localPort, localPort: port() })
  })

  it('belongs to who opened it: what is left open is closed with the rest', async () => {
    const [here, there] = await pair()
    const stranger = connect(port(), '127.0.0.1').on('error', () => undefined)
    await until('the stranger', () => accepted.length === 2)
    const gone = (socket: Socket) => once(socket.resume(), 'close')
    const closed = Promise.all([here, there, accepted[1]!, stranger].map(gone))
    await net.release()
    await closed
    expect(server.listening).to.equal(false)
  })
})
