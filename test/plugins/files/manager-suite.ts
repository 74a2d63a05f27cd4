/**
 * What every file manager promises, whatever it stands on: one suite for the in-memory store and for files-mapped.
 */
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import type { FileWriteStream } from '../../../core/index.ts'
import type { FileManagerOptions, ManagedFiles } from '../../../plugins/files/shared/index.ts'
import { badNames } from './bad-names.ts'
import { modelTest } from './model.ts'

/** A place for files that outlives a manager. */
export interface Bench {
  /** A fresh manager over what is there: a restart. */
  open(options?: FileManagerOptions): ManagedFiles
  /** Names of what lies there besides published files. */
  leftovers(): Promise<string[]>
  dispose(): Promise<void>
}

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
export const text = (words: string) => Buffer.from(words)

/** The coded error that this ends with. */
export async function failure(work: Promise<unknown>): Promise<{ code: string; remedy: string; message: string }> {
  try {
    await work
  } catch (error) {
    return error as { code: string; remedy: string; message: string }
  }
  throw new Error('it did not fail')
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const { code, remedy } = await failure(work)
  expect(remedy, code).to.be.a('string').and.not.equal('')
  return code
}

export function managerSuite(title: string, newBench: () => Promise<Bench>): void {
  describe(title, () => {
    let bench: Bench
    beforeEach(async () => {
      bench = await newBench()
    })
    afterEach(async () => {
      expect(await bench.leftovers()).to.deep.equal([])
      await bench.dispose()
    })
    const read = async (files: ManagedFiles, name: string) => Buffer.from(await files.getFile(name)).toString()

    describe('stores a file', () => {
      it('under its name, with an id and its hash', async () => {
        const files = bench.open()
        const info = await files.writeToFile('hello.txt', text('hello'))
        expect(info).to.deep.include({ name: 'hello.txt', size: 5, sha256: sha256(text('hello')) })
        expect(info.id).to.match(/^[0-9a-f]{32}$/)
        expect(await files.stat('hello.txt')).to.deep.equal(info)
        expect(await files.stat(info.id)).to.deep.equal(info)
        expect(await files.list()).to.deep.equal([info])
      })

      for (const alias of ['Café.TXT', 'cafe\u0301.txt', 'CAFE\u0301.TXT'])
        it(`and finds it as ${JSON.stringify(alias)}`, async () => {
          const files = bench.open()
          await files.writeToFile('café.txt', text('coffee'))
          expect(await read(files, alias)).to.equal('coffee')
        })

      for (const size of [0, 1, 131_071, 131_072, 1_048_576, 1_048_577, 5_000_000])
        it(`of ${String(size)} bytes, in one call and as a stream`, async () => {
          const files = bench.open()
          const bytes = randomBytes(size)
          await files.writeToFile('a', bytes)
          await pipeline(
            Readable.from(cut(bytes, 70_000)),
            files.createWriteStream('b', { size, sha256: sha256(bytes) }),
          )
          for (const name of ['a', 'b']) {
            expect(bytes.equals(await files.getFile(name)), name).to.equal(true)
            expect((await files.stat(name)).sha256).to.equal(sha256(bytes))
            expect(bytes.equals(await collect(files.createReadStream(name))), name).to.equal(true)
          }
        })

      it('from a stream of thousands of tiny chunks, strings and plain arrays', async () => {
        const files = bench.open()
        const stream = files.createWriteStream('a', { size: 9000 })
        for (let i = 0; i < 3000; i++) {
          stream.write('x')
          stream.write(new Uint8Array([121]))
          if (!stream.write(Buffer.from('z'))) await new Promise((resolve) => stream.once('drain', resolve))
        }
        stream.end()
        expect((await stream.stored).sha256).to.equal(sha256(text('xyz'.repeat(3000))))
      })

      it('that came in a packet, under a name of its own', async () => {
        const files = bench.open()
        const packet = { type: 'DataTransmission', dataType: 'File', data: text('payload') } as const
        const one = await files.inboundDataPacketToFile(packet)
        const two = await files.inboundDataPacketToFile(packet)
        expect(one.name).not.to.equal(two.name)
        expect(await read(files, one.name)).to.equal('payload')
      })

      it('and keeps names, ids and hashes over a restart', async () => {
        const files = bench.open()
        for (const name of ['b', 'A', 'ü']) await files.writeToFile(name, text(name))
        const before = await files.list()
        await files.close()
        expect(await bench.open().list()).to.deep.equal(before)
      })
    })

    describe('refuses', () => {
      for (const [what, name] of badNames)
        it(`a name of ${what}, and stores nothing`, async () => {
          const files = bench.open()
          expect(await codeOf(files.writeToFile(name, text('x')))).to.equal('E_FILE_NAME')
          const stream = files.createWriteStream(name)
          stream.end('x')
          expect(await codeOf(stream.stored)).to.equal('E_FILE_NAME')
          expect(await files.list()).to.deep.equal([])
          expect(await codeOf(files.getFile(name))).to.equal('E_FILE_NOT_FOUND')
          expect(await codeOf(collect(files.createReadStream(name)))).to.equal('E_FILE_NOT_FOUND')
          expect(await codeOf(files.remove(name))).to.equal('E_FILE_NOT_FOUND')
        })

      const lies: readonly (readonly [what: string, expected: object, code: string])[] = [
        ['fewer bytes than declared', { size: 12 }, 'E_FILE_SIZE'],
        ['more bytes than declared', { size: 10 }, 'E_FILE_SIZE'],
        ['bytes where none were declared', { size: 0 }, 'E_FILE_SIZE'],
        ['a size below zero', { size: -1 }, 'E_FILE_SIZE'],
        ['half a byte', { size: 10.5 }, 'E_FILE_SIZE'],
        ['bytes of another hash', { sha256: sha256(text('other')) }, 'E_HASH'],
        ['bytes of another hash and the right size', { size: 11, sha256: sha256(text('other')) }, 'E_HASH'],
        ['a hash that is none', { sha256: 'abc' }, 'E_HASH'],
      ]
      for (const [what, expected, code] of lies)
        it(`${what}: ${code}, and the old file stands`, async () => {
          const files = bench.open({ duplicates: 'replace' })
          const old = await files.writeToFile('a', text('old'))
          const stream = files.createWriteStream('a', expected)
          expect(await codeOf(pipeline(Readable.from([text('hello '), text('world')]), stream))).to.equal(code)
          expect(await codeOf(stream.stored)).to.equal(code)
          expect(await files.list()).to.deep.equal([old])
          expect(await read(files, 'a')).to.equal('old')
        })

      it('the rest at the first byte too many', async () => {
        const files = bench.open()
        let given = 0
        const source = async function* () {
          for (; given < 10_000; given++) {
            yield Buffer.alloc(1024)
            await turn()
          }
        }
        expect(await codeOf(pipeline(source, files.createWriteStream('a', { size: 1024 })))).to.equal('E_FILE_SIZE')
        expect(given).to.be.below(3000) // what a stream may hold while the store opens, and no more
        expect(await files.list()).to.deep.equal([])
      })

      it('a hash in capitals does not count as another', async () => {
        const files = bench.open()
        const stream = files.createWriteStream('a', { sha256: sha256(text('x')).toUpperCase() })
        stream.end('x')
        expect((await stream.stored).sha256).to.equal(sha256(text('x')))
      })
    })

    describe('reads a range', () => {
      const ranges: readonly (readonly [range: { start?: number; end?: number } | undefined, expected: string])[] = [
        [undefined, '0123456789'],
        [{}, '0123456789'],
        [{ start: 3 }, '3456789'],
        [{ end: 3 }, '0123'],
        [{ start: 3, end: 3 }, '3'],
        [{ start: 2, end: 5 }, '2345'],
        [{ start: 8, end: 100 }, '89'],
        [{ start: 10 }, ''],
        [{ start: 100, end: 200 }, ''],
      ]
      for (const [range, expected] of ranges)
        it(`${JSON.stringify(range)} as ${JSON.stringify(expected)}`, async () => {
          const files = bench.open()
          const { id } = await files.writeToFile('a', text('0123456789'))
          expect((await collect(files.createReadStream('a', range))).toString()).to.equal(expected)
          expect((await collect(files.createReadStream(id, range))).toString()).to.equal(expected)
        })

      for (const range of [{ start: -1 }, { start: 5, end: 4 }, { start: 1.5 }, { end: NaN }, { end: -1 }])
        it(`and refuses ${JSON.stringify(range)}`, async () => {
          const files = bench.open()
          await files.writeToFile('a', text('0123456789'))
          expect(await codeOf(collect(files.createReadStream('a', range)))).to.equal('E_FILE_RANGE')
        })

      it('and lets go of a stream that nobody reads to its end', async () => {
        const files = bench.open()
        await files.writeToFile('a', randomBytes(3_000_000))
        const stream = files.createReadStream('a')
        await new Promise((resolve) => stream.once('readable', resolve))
        stream.destroy()
        await new Promise((resolve) => stream.once('close', resolve))
        await files.remove('a')
      })
    })

    describe('leaves nothing of a stream', () => {
      const endings: readonly (readonly [
        what: string,
        end: (stream: FileWriteStream) => Promise<unknown> | undefined,
      ])[] = [
        ['destroyed before it opens', () => undefined],
        ['destroyed when it is open', (stream) => written(stream, Buffer.alloc(0))],
        ['destroyed in the middle', (stream) => written(stream, randomBytes(100_000))],
        ['destroyed while it writes', (stream) => void stream.write(randomBytes(3_000_000))],
      ]
      for (const [what, before] of endings)
        for (const error of [undefined, new Error('the source broke')])
          it(`${what}${error === undefined ? '' : ', with an error'}`, async () => {
            const files = bench.open({ duplicates: 'replace' })
            const old = await files.writeToFile('a', text('old'))
            const stream = files.createWriteStream('a', { size: 3_000_000 })
            await before(stream)
            stream.destroy(error)
            const thrown = await failure(stream.stored)
            if (error === undefined) expect(thrown.code).to.equal('E_ABORTED')
            else expect(thrown).to.equal(error)
            expect(await files.list()).to.deep.equal([old])
          })

      it('destroyed right after its end, unless it was published by then', async () => {
        const files = bench.open()
        for (let i = 0; i < 30; i++) {
          const stream = files.createWriteStream('a')
          stream.end('x')
          for (let turns = 0; turns < i; turns++) await turn()
          stream.destroy()
          const stored = await stream.stored.catch(() => undefined)
          expect((await files.list()).length).to.equal(stored === undefined ? 0 : 1)
          if (stored !== undefined) await files.remove(stored.id)
        }
      })

      it('that the manager gives up when it closes', async () => {
        const files = bench.open()
        const stream = files.createWriteStream('a')
        stream.write(randomBytes(2_000_000))
        await files.close()
        expect(await codeOf(stream.stored)).to.equal('E_STOPPING')
        expect(await codeOf(files.writeToFile('b', text('x')))).to.equal('E_STOPPING')
        expect(await bench.open().list()).to.deep.equal([])
      })
    })

    describe('with a name that is taken', () => {
      it('rejects the newcomer under `reject`', async () => {
        const files = bench.open({ duplicates: 'reject' })
        await files.writeToFile('a.txt', text('one'))
        for (const name of ['a.txt', 'A.TXT'])
          expect(await codeOf(files.writeToFile(name, text('two')))).to.equal('E_FILE_EXISTS')
        expect(await read(files, 'a.txt')).to.equal('one')
      })

      it('numbers the newcomer under `rename`', async () => {
        const files = bench.open({ duplicates: 'rename' })
        const names = []
        for (const name of ['a.txt', 'A.TXT', 'a.txt', 'a (2).txt'])
          names.push((await files.writeToFile(name, text(name))).name)
        expect(names).to.deep.equal(['a.txt', 'A (2).TXT', 'a (3).txt', 'a (2) (2).txt'])
      })

      it('finds a name for the hundredth and later ones, of the greatest length', async () => {
        const files = bench.open({ duplicates: 'rename', durability: 'none' })
        const name = `${'é'.repeat(125)}.data`
        const names = new Set<string>()
        for (let i = 0; i < 130; i++) names.add((await files.writeToFile(name, text(''))).name)
        expect(names.size).to.equal(130)
        for (const each of names) expect(Buffer.byteLength(each)).to.be.at.most(255)
      })

      it('puts the newcomer in its place under `replace`, with an id of its own', async () => {
        const files = bench.open({ duplicates: 'replace' })
        const one = await files.writeToFile('a.txt', text('one'))
        const two = await files.writeToFile('A.TXT', text('second'))
        expect(two.id).not.to.equal(one.id)
        expect(await files.list()).to.deep.equal([two])
        expect(await read(files, 'a.txt')).to.equal('second')
        expect(await codeOf(files.getFile(one.id))).to.equal('E_FILE_NOT_FOUND')
      })

      it('lets a reader finish the version that it began', async () => {
        const files = bench.open({ duplicates: 'replace' })
        const old = randomBytes(2_000_000)
        await files.writeToFile('a', old)
        const stream = files.createReadStream('a')
        await new Promise((resolve) => stream.once('readable', resolve))
        await files.writeToFile('a', text('new'))
        expect(old.equals(await collect(stream))).to.equal(true)
        const again = files.createReadStream('a')
        await new Promise((resolve) => again.once('readable', resolve))
        await files.remove('a')
        expect((await collect(again)).toString()).to.equal('new')
      })

      const outcomes = { reject: [1, 9], rename: [10, 0], replace: [1, 0] } as const
      for (const [duplicates, [stand, fail]] of Object.entries(outcomes) as ['reject', [number, number]][])
        it(`keeps ${String(stand)} of ten writers at once under \`${duplicates}\`, each whole`, async () => {
          const files = bench.open({ duplicates })
          const contents = Array.from({ length: 10 }, () => randomBytes(300_000))
          const streams = contents.map((bytes) =>
            files.createWriteStream('a', { size: bytes.length, sha256: sha256(bytes) }),
          )
          const results = await Promise.allSettled(
            streams.map(async (stream, i) => {
              await pipeline(Readable.from(cut(contents[i]!, 50_000)), stream)
              return stream.stored
            }),
          )
          const failed = results.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
          expect(failed.map(({ reason }) => (reason as { code: string }).code)).to.deep.equal(
            Array(fail).fill('E_FILE_EXISTS'),
          )
          const list = await files.list()
          expect(list.length).to.equal(stand)
          const hashes = new Set(contents.map(sha256))
          for (const { name, sha256: hash } of list) {
            expect(hashes.has(hash)).to.equal(true)
            expect(sha256(await files.getFile(name))).to.equal(hash)
          }
          await files.close()
          expect(await bench.open().list()).to.deep.equal(list)
        })

      it('shows readers the old file or the new one, never a part', async () => {
        const files = bench.open({ duplicates: 'replace', durability: 'none' })
        const versions = Array.from({ length: 8 }, (_, i) => Buffer.alloc(50_000 + i, i))
        const hashes = new Set(versions.map(sha256))
        await files.writeToFile('a', versions[0]!)
        let writing = true
        const writer = (async () => {
          for (let i = 0; i < 100; i++) {
            await files.writeToFile('a', versions[i % 8]!)
            await turn()
          }
          writing = false
        })()
        let reads = 0
        const reader = async () => {
          for (; writing; reads++) {
            const { id, sha256: hash } = await files.stat('a')
            const byId = await files.getFile(id).catch(() => undefined)
            if (byId !== undefined) expect(sha256(byId)).to.equal(hash)
            expect(hashes.has(sha256(await files.getFile('a')))).to.equal(true)
            await turn()
          }
        }
        await Promise.all([writer, reader(), reader()])
        expect(reads).to.be.above(10)
      })
    })

    describe('with a quota', () => {
      it('takes the last byte and refuses the next', async () => {
        const files = bench.open({ quota: 10 })
        await files.writeToFile('a', text('1234567'))
        expect(await codeOf(files.writeToFile('b', text('1234')))).to.equal('E_QUOTA')
        await files.writeToFile('b', text('123'))
        await files.writeToFile('empty', text(''))
        expect(await codeOf(files.writeToFile('c', text('1')))).to.equal('E_QUOTA')
        await files.remove('a')
        await files.writeToFile('c', text('1234567'))
      })

      it('refuses a declared size before a byte is written, an undeclared one on the way', async () => {
        const files = bench.open({ quota: 1000 })
        const declared = files.createWriteStream('a', { size: 1001 })
        expect(await codeOf(written(declared, Buffer.alloc(0)))).to.equal('E_QUOTA')
        const undeclared = files.createWriteStream('a')
        await written(undeclared, Buffer.alloc(900))
        expect(await codeOf(written(undeclared, Buffer.alloc(101)))).to.equal('E_QUOTA')
        await files.writeToFile('a', Buffer.alloc(1000))
      })

      it('promises the last bytes to one writer only', async () => {
        const files = bench.open({ quota: 1000 })
        const one = files.createWriteStream('a', { size: 600 })
        await written(one, Buffer.alloc(0))
        expect(await codeOf(files.writeToFile('b', Buffer.alloc(600)))).to.equal('E_QUOTA')
        one.destroy()
        await failure(one.stored)
        await files.writeToFile('b', Buffer.alloc(600))
      })

      it('counts what a replaced file sets free, once', async () => {
        const files = bench.open({ quota: 1000, duplicates: 'replace' })
        await files.writeToFile('a', Buffer.alloc(900))
        await files.writeToFile('a', Buffer.alloc(1000))
        await files.writeToFile('a', Buffer.alloc(500))
        await files.writeToFile('b', Buffer.alloc(500))
        const writes = await Promise.allSettled([
          files.writeToFile('a', Buffer.alloc(500)),
          files.writeToFile('b', Buffer.alloc(500)),
        ])
        const total = (await files.list()).reduce((sum, { size }) => sum + size, 0)
        expect(total).to.equal(1000)
        for (const write of writes)
          if (write.status === 'rejected') expect((write.reason as { code: string }).code).to.equal('E_QUOTA')
      })

      it('counts what was there before it opened', async () => {
        const files = bench.open()
        await files.writeToFile('a', Buffer.alloc(900))
        await files.close()
        expect(await codeOf(bench.open({ quota: 1000 }).writeToFile('b', Buffer.alloc(101)))).to.equal('E_QUOTA')
      })
    })

    it('removes a file, by name or by id, once', async () => {
      const files = bench.open()
      for (const how of ['name', 'id'] as const) {
        const info = await files.writeToFile('a', text('x'))
        await files.remove(info[how])
        expect(await codeOf(files.getFile('a'))).to.equal('E_FILE_NOT_FOUND')
        expect(await codeOf(files.remove('a'))).to.equal('E_FILE_NOT_FOUND')
        expect(await files.list()).to.deep.equal([])
      }
    })

    for (const durability of ['none', 'file', 'file+dir'] as const)
      it(`stores and removes with durability ${durability}, many at once`, async () => {
        const files = bench.open({ durability })
        const infos = await Promise.all(
          Array.from({ length: 20 }, (_, i) => files.writeToFile(`f${String(i)}`, text(String(i)))),
        )
        await Promise.all(infos.slice(5).map(({ id }) => files.remove(id)))
        expect((await files.list()).map(({ name }) => name)).to.deep.equal(['f0', 'f1', 'f2', 'f3', 'f4'])
      })

    modelTest(() => bench)
  })
}

/** Resolves once the stream has taken it. */
export function written(stream: FileWriteStream, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => {
      if (error == null) resolve()
      else reject(error)
    })
  })
}

export async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

export function* cut(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
