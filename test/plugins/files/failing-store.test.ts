import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { fileManager, type FileStore } from '../../../plugins/files/shared/index.ts'
import { collect, failure, sha256, text } from './manager-suite.ts'
import { MemoryStore } from './memory-store.ts'

/** Fails the nth call of a kind. */
function failAt(store: MemoryStore, call: keyof FileStore, nth: number, error: Error): void {
  let calls = 0
  store.before = (each) => {
    if (each === call && ++calls === nth) throw error
  }
}

/** A promise, and how to resolve it. */
function signal() {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve }
}

const errno = (code: string) => Object.assign(new Error(`${code}: the disk`), { code })

describe('a store that fails', () => {
  const cases: readonly (readonly [call: keyof FileStore, nth: number, thrown: Error, code: string])[] = [
    ['free', 1, errno('EIO'), 'E_FILE_IO'],
    ['open', 1, errno('EMFILE'), 'E_FILE_IO'],
    ['open', 1, errno('ENOSPC'), 'E_QUOTA'],
    ['write', 1, errno('ENOSPC'), 'E_QUOTA'],
    ['write', 2, errno('EDQUOT'), 'E_QUOTA'],
    ['write', 3, errno('EFBIG'), 'E_FILE_SIZE'],
    ['write', 5, errno('EIO'), 'E_FILE_IO'],
    ['write', 2, new TypeError('a mistake'), 'E_FILE_IO'],
    ['sync', 1, errno('EIO'), 'E_FILE_IO'],
    ['publish', 1, errno('EIO'), 'E_FILE_IO'],
    ['publish', 1, errno('ENOSPC'), 'E_QUOTA'],
  ]
  for (const [call, nth, thrown, code] of cases)
    for (const how of ['in one call', 'as a stream'])
      it(`at ${call} number ${String(nth)} with ${thrown.message}, ${how}: ${code}, and the old file stands`, async () => {
        const store = new MemoryStore()
        const files = fileManager(store, { duplicates: 'replace' })
        const old = await files.writeToFile('a', text('old'))
        failAt(store, call, nth, thrown)
        const bytes = randomBytes(5 * 1_048_576)
        const write = () => {
          if (how === 'in one call') return files.writeToFile('a', bytes)
          const stream = files.createWriteStream('a', { size: bytes.length })
          stream.end(bytes)
          return stream.stored
        }
        const error = await failure(write())
        expect(error).to.deep.include({ code })
        expect(error).to.have.property('cause', thrown)
        expect([store.parts.size, store.handles.size]).to.deep.equal([0, 0])
        expect(await files.list()).to.deep.equal([old])
        expect(Buffer.from(await files.getFile('a')).toString()).to.equal('old')
        store.before = () => undefined
        expect((await write()).sha256).to.equal(sha256(bytes))
      })

  it('at list: says so, and is asked again by the next caller', async () => {
    const store = new MemoryStore()
    const files = fileManager(store)
    failAt(store, 'list', 1, errno('EIO'))
    expect(await failure(files.list())).to.deep.include({ code: 'E_FILE_IO' })
    expect(await files.list()).to.deep.equal([])
  })

  it('at read: ends the stream, and lets go of the file', async () => {
    const store = new MemoryStore()
    const files = fileManager(store)
    await files.writeToFile('a', randomBytes(1_000_000))
    for (const read of [() => files.getFile('a'), () => collect(files.createReadStream('a'))]) {
      failAt(store, 'read', 1, errno('EIO'))
      expect(await failure(read())).to.deep.include({ code: 'E_FILE_IO' })
      expect(store.handles.size).to.equal(0)
    }
  })

  it('at remove: the file stays', async () => {
    const store = new MemoryStore()
    const files = fileManager(store)
    const info = await files.writeToFile('a', text('x'))
    failAt(store, 'remove', 1, errno('EIO'))
    expect(await failure(files.remove('a'))).to.deep.include({ code: 'E_FILE_IO' })
    expect(await files.list()).to.deep.equal([info])
  })
})

describe('a store that takes its time', () => {
  /** Holds back the answer of a call that is done already. */
  function hold(store: MemoryStore, call: 'publish' | 'sync' | 'open') {
    const original = store[call].bind(store) as (...args: unknown[]) => Promise<unknown>
    const entered = signal()
    const gate = signal()
    const held = async (...args: unknown[]) => {
      const result = await original(...args)
      entered.resolve()
      await gate.promise
      return result
    }
    store[call] = held as never
    return { entered: entered.promise, release: gate.resolve }
  }

  it('at publish: no reader gets the new bytes under the old id or hash', async () => {
    const store = new MemoryStore()
    const files = fileManager(store, { duplicates: 'replace' })
    const old = await files.writeToFile('a', text('old'))
    const { entered, release } = hold(store, 'publish')
    const writing = files.writeToFile('a', text('new!'))
    await entered
    const reading = Promise.allSettled([
      files.getFile(old.id),
      files.getFile('a'),
      collect(files.createReadStream('a')),
    ])
    await new Promise((resolve) => setImmediate(resolve))
    release()
    await writing
    const [byId, byName, stream] = await reading
    expect(byId).to.have.property('reason').with.property('code', 'E_FILE_NOT_FOUND')
    for (const each of [byName, stream]) expect(each).to.have.property('value').that.deep.equals(text('new!'))
  })

  it('at open: a reader gets one version whole, though the name is published anew meanwhile', async () => {
    const store = new MemoryStore()
    const files = fileManager(store, { duplicates: 'replace' })
    await files.writeToFile('a', text('old'))
    const original = store.open.bind(store)
    const { entered, release } = hold(store, 'open')
    const reading = files.getFile('a')
    await entered
    store.open = original
    await files.writeToFile('a', text('newer and longer'))
    release()
    expect(Buffer.from(await reading).toString()).to.equal('newer and longer')
    expect(store.handles.size).to.equal(0)
  })

  it('at sync: a stream that is destroyed meanwhile publishes nothing', async () => {
    const store = new MemoryStore()
    const files = fileManager(store)
    const { entered, release } = hold(store, 'sync')
    const stream = files.createWriteStream('a')
    stream.end('x')
    await entered
    stream.destroy()
    release()
    expect(await failure(stream.stored)).to.deep.include({ code: 'E_ABORTED' })
    expect(store.files.size + store.parts.size + store.handles.size).to.equal(0)
  })
})

describe('a store with little room', () => {
  it('is not promised to two writers, nor to one that wants more', async () => {
    const store = new MemoryStore()
    store.room = 1000
    const files = fileManager(store)
    expect(await failure(files.writeToFile('a', Buffer.alloc(1001)))).to.deep.include({ code: 'E_QUOTA' })
    const one = files.createWriteStream('a', { size: 600 })
    await new Promise((resolve) => one.write('', resolve))
    expect(await failure(files.writeToFile('b', Buffer.alloc(600)))).to.deep.include({ code: 'E_QUOTA' })
    one.destroy()
    await failure(one.stored)
    await files.writeToFile('b', Buffer.alloc(600))
  })
})

describe('a store that knows names only', () => {
  it('gets ids and hashes from the manager, which reads the files for that', async () => {
    const store = new MemoryStore()
    const records: object[] = []
    store.files.set('a', { bytes: text('one'), id: '', sha256: '' })
    store.files.set('e\u0301', { bytes: text('two'), id: '', sha256: '' })
    store.list = async () => [...store.files].map(([name, { bytes }]) => ({ name, size: bytes.length }))
    store.publish = async (record) => void records.push(record)
    const files = fileManager(store)
    const [a, e] = await files.list()
    expect(a).to.deep.include({ name: 'a', size: 3, sha256: sha256(text('one')) })
    expect(e).to.deep.include({ name: '\u00e9', size: 3, sha256: sha256(text('two')) })
    expect(await files.stat('a')).to.deep.equal(a)
    expect(records).to.deep.equal([a, { ...e, name: 'e\u0301' }])
    await files.remove('\u00c9')
    expect([...store.files.keys()]).to.deep.equal(['a'])
  })

  it('keeps to itself what has no allowed name, or one that is taken', async () => {
    const store = new MemoryStore()
    const skipped: string[] = []
    for (const name of ['a', 'A', '..', 'CON', '.hidden', 'b'])
      store.files.set(name, { bytes: text(name), id: '', sha256: '' })
    store.list = async () => [...store.files.keys()].map((name) => ({ name, size: name.length }))
    const files = fileManager(store, { duplicates: 'replace', onSkipped: (name) => skipped.push(name) })
    expect((await files.list()).map(({ name }) => name)).to.deep.equal(['A', 'b'])
    expect(skipped).to.have.members(['a', '..', 'CON', '.hidden'])
  })
})
