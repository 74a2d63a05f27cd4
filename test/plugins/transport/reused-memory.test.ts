// Connections that read into memory which is read into again: real ones, on loopback.
import { expect } from 'chai'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { ChunkReader, Connection } from 'p2pnet'
import { until } from '../../support/until.ts'
import { listen, never, openTransport, type Hall, type OpenTransport } from './open.ts'

const mebibytes = 8 * 1024 * 1024

type Reusing = Connection & Socket & Required<Pick<Connection, 'readInto'>>

for (const scheme of ['tcp', 'tls'] as const)
  describe(`a connection over ${scheme} that reads into memory which is read into again`, () => {
    let answerer: OpenTransport
    let hall: Hall
    beforeEach(async () => {
      answerer = openTransport(scheme)
      hall = await listen(answerer)
    })
    afterEach(() => hall.close())

    async function pair(): Promise<[Reusing, Reusing]> {
      const before = hall.connections.length
      const here = await openTransport(scheme).transport.dial({ host: '127.0.0.1', port: hall.port }, never)
      here.on('error', () => undefined)
      await until('the other end', () => hall.connections.length > before)
      return [here, hall.connections[before]!] as unknown as [Reusing, Reusing]
    }

    /** Collects copies of what comes. */
    function collect(memory: () => Uint8Array | undefined = () => undefined): ChunkReader & { heard: Buffer[] } {
      const heard: Buffer[] = []
      return { heard, memory, take: (chunk) => void heard.push(Buffer.from(chunk)) }
    }

    it('carries large payloads both ways at once, whole and in order, on both sides', async () => {
      const [here, there] = await pair()
      const [one, two] = [randomBytes(mebibytes), randomBytes(mebibytes)]
      const digest = (socket: Reusing) => {
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

    it('hands over what came before anybody read', async () => {
      const [here, there] = await pair()
      const all = randomBytes(mebibytes)
      const sent = new Promise((resolve) => here.write(all, resolve))
      await until('the first read', () => there.readableLength > 0 || there.bytesRead > 65_536)
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
      let heard = 0
      let paused = false
      there.readInto({
        memory: () => undefined,
        take(chunk) {
          heard += chunk.byteLength
          if (paused) return
          paused = true
          there.pause()
        },
      })
      here.write(Buffer.alloc(mebibytes))
      await until('the first read', () => paused)
      await new Promise((resolve) => setTimeout(resolve, 20))
      // TLS hands over what it has decrypted by then.
      expect(heard).to.be.at.most(scheme === 'tls' ? 131_072 : 65_536)
      there.resume()
      await until('everything', () => heard === mebibytes)
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

    if (scheme === 'tcp')
      it('says when the other side resets it', async () => {
        const [here, there] = await pair()
        there.readInto(collect())
        const failed = once(there, 'error') as Promise<[NodeJS.ErrnoException]>
        here.resetAndDestroy()
        expect((await failed)[0].code).to.equal('ECONNRESET')
      })

    it('reads nothing of a connection that is over', async () => {
      const [here, there] = await pair()
      there.destroy()
      there.readInto({
        memory: () => undefined,
        take() {
          throw new Error('somebody read')
        },
      })
      here.write('hello')
      await once(here.resume(), 'close')
    })
  })
