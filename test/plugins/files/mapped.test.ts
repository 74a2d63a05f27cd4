import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFile,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { FolderStore } from '../../../plugins/files/mapped/folder-store.ts'
import { fileManager, type FileManagerOptions, type ManagedFiles } from '../../../plugins/files/shared/index.ts'
import { failure, sha256, text, written } from './manager-suite.ts'

describe('files-mapped', () => {
  let base: string
  let folder: string
  let stores: FolderStore[]
  beforeEach(async () => {
    base = await mkdtemp(path.join(tmpdir(), 'p2pnet-mapped-'))
    folder = path.join(base, 'files')
    stores = []
  })
  afterEach(async () => {
    for (const store of stores) await store.close()
    await rm(base, { recursive: true })
  })

  /** Counts the files that were read for their hash. */
  function openFiles(options: FileManagerOptions = {}): {
    files: ManagedFiles
    reads: () => number
    skipped: string[]
  } {
    let reads = 0
    class Counting extends FolderStore {
      override async open(name: string, mode: 'read' | 'write') {
        if (mode === 'read') reads++
        return super.open(name, mode)
      }
    }
    const skipped: string[] = []
    const store = new Counting(folder, {
      onIndexFailed: (error) => {
        throw error
      },
    })
    stores.push(store)
    return {
      files: fileManager(store, { onSkipped: (name) => skipped.push(name), ...options }),
      reads: () => reads,
      skipped,
    }
  }

  it('keeps each file as plain bytes under its name, for its user only', async () => {
    const { files } = openFiles()
    await files.writeToFile('Grüße.txt', text('hello'))
    expect(await readFile(path.join(folder, 'Grüße.txt'), 'utf8')).to.equal('hello')
    expect((await lstat(path.join(folder, 'Grüße.txt'))).mode & 0o777).to.equal(0o600)
    expect((await lstat(folder)).mode & 0o777).to.equal(0o700)
  })

  it('asks no file for its hash after a restart', async () => {
    const before = openFiles()
    for (let i = 0; i < 50; i++) await before.files.writeToFile(`f${String(i)}`, text(String(i)))
    const list = await before.files.list()
    const after = openFiles()
    expect(await after.files.list()).to.deep.equal(list)
    expect(after.reads()).to.equal(0)
  })

  const damages: readonly (readonly [what: string, damage: (index: string) => Promise<void>])[] = [
    ['is gone', (index) => rm(index)],
    ['is empty', (index) => truncate(index)],
    ['is cut in the middle of a record', async (index) => truncate(index, (await lstat(index)).size - 30)],
    ['is noise', (index) => writeFile(index, Buffer.from([0, 255, 10, 123, 10, 34, 0]))],
    [
      'holds records of no use',
      (index) => writeFile(index, '\n{}\n[]\nnull\n7\n{"name":"b","id":"zz","size":1,"sha256":"","changed":"1"}'),
    ],
    ['ends in half a record', (index) => appendFile(index, '\n{"name":"b","gone')],
    [
      'has a record of a file that is not there',
      (index) =>
        appendFile(
          index,
          `\n${JSON.stringify({ name: 'z', id: '0'.repeat(32), size: 1, sha256: '0'.repeat(64), changed: '1' })}`,
        ),
    ],
  ]
  for (const [what, damage] of damages)
    it(`finds every file and its hash when its index ${what}`, async () => {
      const { files } = openFiles()
      for (const name of ['a', 'b', 'c']) await files.writeToFile(name, text(name))
      const list = (await files.list()).map(({ name, size, sha256 }) => ({ name, size, sha256 }))
      await stores[0]!.close()
      await damage(path.join(folder, '.index'))
      for (let restart = 0; restart < 2; restart++) {
        const after = openFiles()
        expect((await after.files.list()).map(({ name, size, sha256 }) => ({ name, size, sha256 }))).to.deep.equal(list)
        if (restart === 1) expect(after.reads(), 'it has learnt').to.equal(0)
      }
    })

  it('hashes anew what somebody changed while it was away, and nothing else', async () => {
    const before = openFiles()
    for (const name of ['same', 'size', 'time', 'gone']) await before.files.writeToFile(name, text('1234'))
    await writeFile(path.join(folder, 'size'), '12345')
    await writeFile(path.join(folder, 'time'), 'abcd')
    await utimes(path.join(folder, 'time'), 1000, 1000)
    await rm(path.join(folder, 'gone'))
    await writeFile(path.join(folder, 'new'), 'new')
    const after = openFiles()
    const contents = { new: 'new', same: '1234', size: '12345', time: 'abcd' }
    const list = Object.fromEntries((await after.files.list()).map((info) => [info.name, info.sha256]))
    expect(list).to.deep.equal(
      Object.fromEntries(Object.entries(contents).map(([name, bytes]) => [name, sha256(text(bytes))])),
    )
    expect(after.reads()).to.equal(3)
  })

  it('says what happened behind its back while it runs', async () => {
    const { files } = openFiles()
    for (const name of ['gone', 'short']) await files.writeToFile(name, text('1234'))
    await rm(path.join(folder, 'gone'))
    await truncate(path.join(folder, 'short'), 2)
    expect(await failure(files.getFile('gone'))).to.deep.include({ code: 'E_FILE_NOT_FOUND' })
    expect(await failure(files.getFile('short'))).to.deep.include({ code: 'E_FILE_IO' })
  })

  it('never writes over what it does not know', async () => {
    const { files } = openFiles({ duplicates: 'replace' })
    await files.list()
    await writeFile(path.join(folder, 'a'), 'mine')
    await mkdir(path.join(folder, 'b'))
    for (const name of ['a', 'b'])
      expect(await failure(files.writeToFile(name, text('x')))).to.deep.include({ code: 'E_FILE_EXISTS' })
    expect(await readFile(path.join(folder, 'a'), 'utf8')).to.equal('mine')
    const renaming = openFiles({ duplicates: 'rename' })
    await renaming.files.list()
    await writeFile(path.join(folder, 'c'), 'mine')
    expect((await renaming.files.writeToFile('c', text('x'))).name).to.equal('c (2)')
  })

  it('follows no link out of its folder', async () => {
    const outside = path.join(base, 'outside')
    await writeFile(outside, 'secret')
    await mkdir(path.join(base, 'elsewhere'))
    const { files, skipped } = openFiles({ duplicates: 'replace' })
    await files.writeToFile('b', text('1234'))
    await symlink(outside, path.join(folder, 'a'))
    const after = openFiles({ duplicates: 'replace' })
    expect((await after.files.list()).map(({ name }) => name)).to.deep.equal(['b'])
    expect(await failure(after.files.writeToFile('a', text('x')))).to.deep.include({ code: 'E_FILE_EXISTS' })
    await rm(path.join(folder, 'b'))
    await symlink(outside, path.join(folder, 'b'))
    expect(await failure(after.files.getFile('b'))).to.deep.include({ code: 'E_FILE_IO' })
    await after.files.writeToFile('b', text('new'))
    expect(await readFile(outside, 'utf8')).to.equal('secret')
    await rm(path.join(folder, '.parts'), { recursive: true })
    await symlink(path.join(base, 'elsewhere'), path.join(folder, '.parts'))
    expect(await failure(openFiles().files.writeToFile('c', text('x')))).to.deep.include({ code: 'E_FILE_IO' })
    expect(await readdir(path.join(base, 'elsewhere'))).to.deep.equal([])
    expect(skipped).to.deep.equal([])
  })

  it('may itself be a link that the operator made', async () => {
    await mkdir(path.join(base, 'big-disk'))
    await symlink(path.join(base, 'big-disk'), folder)
    await openFiles().files.writeToFile('a', text('x'))
    expect(await readFile(path.join(base, 'big-disk', 'a'), 'utf8')).to.equal('x')
  })

  it('sweeps the parts of processes that have ended, and leaves those of its own', async () => {
    const { files } = openFiles()
    const stream = files.createWriteStream('a')
    await written(stream, text('half'))
    const parts = path.join(folder, '.parts')
    const own = await readdir(parts)
    await writeFile(path.join(parts, `1-${'a'.repeat(32)}`), 'of another process')
    await writeFile(path.join(parts, `${String(process.pid)}-${'b'.repeat(32)}`), 'of an older one with our number')
    await utimes(path.join(parts, `${String(process.pid)}-${'b'.repeat(32)}`), 1000, 1000)
    await mkdir(path.join(parts, 'strange'))
    await openFiles().files.list()
    expect(await readdir(parts)).to.deep.equal(own)
    stream.end()
    expect((await stream.stored).size).to.equal(4)
  })

  it('keeps its index short, however often one file is replaced', async () => {
    const { files } = openFiles({ duplicates: 'replace', durability: 'none' })
    for (let i = 0; i < 700; i++) await files.writeToFile('a', text(String(i)))
    expect((await readFile(path.join(folder, '.index'), 'utf8')).split('\n').length).to.be.below(1100)
    const after = openFiles()
    expect(Buffer.from(await after.files.getFile('a')).toString()).to.equal('699')
    await after.files.list()
    expect(after.reads()).to.equal(1)
  })

  it('takes a copy of its folder for what it is', async () => {
    const { files } = openFiles()
    await files.writeToFile('a', text('x'))
    const list = await files.list()
    await cp(folder, path.join(base, 'copy'), { recursive: true, preserveTimestamps: false })
    folder = path.join(base, 'copy')
    expect((await openFiles().files.list()).map(({ sha256 }) => sha256)).to.deep.equal(list.map(({ sha256 }) => sha256))
  })

  it('has every file whole after a kill at any moment: the old version, or one that was being written', async () => {
    const rounds = 20
    const promised = new Map<string, string>()
    let finds = 0
    let next = startWriter(folder, 0)
    for (let round = 0; round < rounds; round++) {
      const child = next
      await once(child.stdout, 'data')
      // The next one gets ready meanwhile.
      next = startWriter(folder, round + 1)
      let out = ''
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
      child.stdin.end()
      await once(child.stdout, 'data')
      await new Promise((resolve) => setTimeout(resolve, (round * 37) % 150))
      child.kill('SIGKILL')
      await once(child, 'close')
      const begun = new Map<string, Set<string>>()
      for (const line of out.split('\n').slice(0, -1)) {
        const [what = '', name = '', hash = ''] = line.split(' ')
        if (what === 'begin') begun.set(name, (begun.get(name) ?? new Set()).add(hash))
        if (what === 'end') promised.set(name, hash)
        if (what === 'end') begun.set(name, new Set())
      }
      const { files, skipped } = openFiles()
      const list = await files.list()
      for (const [name, hash] of promised) {
        const there = list.find((file) => file.name === name)
        const may = [hash, ...(begun.get(name) ?? [])]
        expect(may, `${name} after round ${String(round)}`).to.include(there?.sha256 ?? 'nothing')
      }
      for (const file of list) {
        expect(sha256(await files.getFile(file.id)), file.name).to.equal(file.sha256)
        promised.set(file.name, file.sha256)
        finds++
      }
      expect(skipped).to.deep.equal([])
      expect(await readdir(path.join(folder, '.parts'))).to.deep.equal([])
      await stores.at(-1)?.close()
    }
    next.kill('SIGKILL')
    await once(next, 'close')
    expect(finds).to.be.above(50)
  }).timeout(120_000)
})

/** Says when it is ready, and begins when its input ends. */
function startWriter(folder: string, seed: number) {
  const program = fileURLToPath(new URL('./fixtures/writer.ts', import.meta.url))
  return spawn(process.execPath, ['--conditions=p2pnet-source', '--import=tsx', program, folder, String(seed)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}
