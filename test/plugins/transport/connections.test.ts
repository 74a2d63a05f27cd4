// What the kernel relies on, of every transport over TCP.
import { expect } from 'chai'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Connection } from 'p2pnet'
import { until } from '../../support/until.ts'
import { closed, failure, listen, never, openTransport, type Hall, type OpenTransport } from './open.ts'

const mebibytes = 8 * 1024 * 1024

/** Of the first `size` bytes that come. */
function digestOf(connection: Connection, size: number): Promise<string> {
  const hash = createHash('sha256')
  let left = size
  return new Promise((resolve) => {
    connection.on('data', (chunk: Buffer) => {
      hash.update(chunk)
      left -= chunk.length
      if (left <= 0) resolve(hash.digest('hex'))
    })
  })
}

for (const scheme of ['tcp', 'tls'] as const)
  describe(`a connection over ${scheme}`, () => {
    let answerer: OpenTransport
    let dialler: OpenTransport
    let hall: Hall
    beforeEach(async () => {
      answerer = openTransport(scheme)
      dialler = openTransport(scheme)
      hall = await listen(answerer)
    })
    afterEach(() => hall.close())

    /** The dialler's end, and the answerer's. */
    async function pair(): Promise<[Connection, Connection]> {
      const before = hall.connections.length
      const here = await dialler.transport.dial({ host: '127.0.0.1', port: hall.port }, never)
      await until('the other end', () => hall.connections.length > before)
      return [here, hall.connections[before]!]
    }

    it('knows who is at the other end, also when that has left', async () => {
      const [here, there] = await pair()
      expect(here).to.include({ remoteAddress: '127.0.0.1', remotePort: hall.port })
      expect(there.remoteAddress).to.equal('127.0.0.1')
      here.destroy()
      await closed(there.resume())
      expect(there.remoteAddress).to.equal('127.0.0.1')
    })

    it('carries large payloads both ways at once, whole and in order', async () => {
      const [here, there] = await pair()
      const [one, two] = [randomBytes(mebibytes), randomBytes(mebibytes)]
      const heard = [digestOf(there, mebibytes), digestOf(here, mebibytes)]
      here.write(one)
      there.write(two)
      expect(await Promise.all(heard)).to.deep.equal(
        [one, two].map((bytes) => createHash('sha256').update(bytes).digest('hex')),
      )
      here.destroy()
    })

    it('holds a writer up while the other end does not read', async () => {
      const [here, there] = await pair()
      let written = 0
      while (here.write(Buffer.alloc(65536)) && written < 64) written++
      expect(here.writableNeedDrain).to.equal(true)
      there.resume()
      await once(here, 'drain')
      here.destroy()
    })

    it('ends on both sides when one has said its last, and everything before that arrives', async () => {
      const [here, there] = await pair()
      const gone = closed(here.resume())
      here.end('goodbye')
      const heard: Buffer[] = []
      for await (const chunk of there) heard.push(chunk as Buffer)
      expect(Buffer.concat(heard).toString()).to.equal('goodbye')
      await gone
      await until('the other end', () => there.destroyed)
    })

    it('is over for the other end when one destroys it, with an error or without, and never an uncaught one', async () => {
      for (const error of [undefined, new Error('enough')]) {
        const [here, there] = await pair()
        const heard = error === undefined ? Promise.resolve([]) : once(here, 'error')
        const [goneHere, goneThere] = [closed(here), closed(there.resume())]
        here.destroy(error)
        expect((await heard)[0]).to.equal(error)
        await Promise.all([goneHere, goneThere])
        expect(await failure(new Promise((_, reject) => here.write('late', reject)))).to.have.property(
          'code',
          'ERR_STREAM_DESTROYED',
        )
      }
    })

    it('is over when the other end resets it', async () => {
      const [here, there] = await pair()
      const errors: unknown[] = []
      here.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code))
      const gone = closed(here.resume())
      answerer.accepted[0]!.resetAndDestroy()
      await gone
      // TLS may have got its own goodbye out before: then it is an end like any other.
      expect(errors).to.deep.equal(scheme === 'tls' && errors.length === 0 ? [] : ['ECONNRESET'])
      there.destroy()
    })

    it('stays when the listener closes, and nobody else comes in', async () => {
      const [here, there] = await pair()
      await hall.listener.close()
      here.write('hello')
      expect(String((await once(there, 'data'))[0])).to.equal('hello')
      const error = await failure(dialler.transport.dial({ host: '127.0.0.1', port: hall.port }, never))
      expect(error).to.have.property('code', 'E_DIAL')
      expect(error.message).to.contain('nobody listens there')
      here.destroy()
    })

    it('is not made by a caller who has given up', async () => {
      const reason = new Error('enough')
      const before = AbortSignal.abort(reason)
      const at = { host: '127.0.0.1', port: hall.port }
      expect((await failure(dialler.transport.dial(at, before))).message).to.contain('given up')
      const abort = new AbortController()
      const dial = failure(dialler.transport.dial(at, abort.signal))
      abort.abort(reason)
      expect(await dial).to.include({ code: 'E_DIAL', cause: reason })
      expect(dialler.fake.clock.pending).to.equal(0)
    })
  })
