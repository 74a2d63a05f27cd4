// One node a data directory: who holds it, who is refused, and what becomes of the lock of a process that has died.
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readdir, stat, writeFile } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { openDataDir, type DataDir } from '../../core/data-dir.ts'
import type { P2PNetError } from '../../core/errors.ts'
import { Scratch } from '../support/scratch.ts'

type Holder = ChildProcessByStdio<Writable, Readable, null>

const fixture = fileURLToPath(new URL('fixtures/hold-data-dir.ts', import.meta.url))

async function inAnotherProcess(directory: string): Promise<{ child: Holder; said: string }> {
  const child = spawn(process.execPath, ['--import=tsx', fixture, directory], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
  return { child, said: line.trim() }
}

const refusal = async (directory: string) =>
  openDataDir(directory).then(
    () => undefined,
    (error: unknown) => error as P2PNetError,
  )

describe('a data directory', () => {
  let scratch: Scratch
  let directory: string
  beforeEach(async () => {
    scratch = await Scratch.make()
    directory = scratch.at('deep/data')
  })
  afterEach(() => scratch.remove())

  it('is made, for this user alone, and holds nothing but its lock', async () => {
    const dataDir = await openDataDir(directory)
    expect((await stat(directory)).mode & 0o777).to.equal(0o700)
    expect(await readdir(directory)).to.deep.equal(['node.lock'])
    await dataDir.close()
    await dataDir.close()
    expect(await readdir(directory)).to.deep.equal([])
  })

  it('is refused at once where nothing can be made', async function () {
    if (process.platform !== 'linux') this.skip() // Linux has /proc, which answers ENOENT to every mkdir
    expect(await refusal('/proc/p2pnet/data')).to.include({ code: 'E_DATA_DIR' })
  })

  it('belongs to one node of a process, until that one gives it back', async () => {
    const first = await openDataDir(directory)
    const error = await refusal(directory)
    expect(error).to.include({ code: 'E_DATA_DIR_IN_USE' })
    expect(error?.message).to.include(`another node of this process (pid ${String(process.pid)})`)
    const other = await openDataDir(scratch.at('other'))
    await first.close()
    await (await openDataDir(directory)).close()
    await other.close()
  })

  it('belongs to one process; once that is killed, to whoever comes next', async () => {
    const { child, said } = await inAnotherProcess(directory)
    expect(said).to.equal('open')
    const error = await refusal(directory)
    expect(error).to.include({ code: 'E_DATA_DIR_IN_USE' })
    expect(error?.message).to.include(`pid ${String(child.pid)}`)
    child.kill('SIGKILL')
    await once(child, 'close')
    expect(await readdir(directory)).to.deep.equal(['node.lock'])
    await (await openDataDir(directory)).close()
    expect(await readdir(directory)).to.deep.equal([])
  })

  const stale: Readonly<Record<string, string | undefined>> = {
    'nobody holds': undefined,
    'a dead process left': JSON.stringify({ pid: 2 ** 22 + 1, started: '1' }),
    'another process with the same pid left': JSON.stringify({ pid: process.pid, started: '1' }),
    'nobody of ours wrote': 'rubbish',
    'is empty': '',
  }
  for (const [title, lock] of Object.entries(stale)) {
    it(`with a lock that ${title} is opened by exactly one of twenty`, async function () {
      if (title.startsWith('another process') && process.platform !== 'linux') this.skip() // only Linux tells when it started
      await (await openDataDir(directory)).close()
      if (lock !== undefined) await writeFile(scratch.at('deep/data/node.lock'), lock)
      const all = await Promise.allSettled(Array.from({ length: 20 }, () => openDataDir(directory)))
      const won = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      const codes = all.flatMap((one) => (one.status === 'rejected' ? [(one.reason as P2PNetError).code] : []))
      expect(won).to.have.lengthOf(1)
      expect(codes).to.deep.equal(Array<string>(19).fill('E_DATA_DIR_IN_USE'))
      expect(await readdir(directory)).to.deep.equal(['node.lock'])
      await (won[0] as DataDir).close()
    })
  }

  it('is taken over although somebody died while taking it over', async () => {
    await (await openDataDir(directory)).close()
    const dead = JSON.stringify({ pid: 2 ** 22 + 1, started: '1' })
    await writeFile(scratch.at('deep/data/node.lock'), dead)
    const { createHash } = await import('node:crypto')
    const right = createHash('sha256').update(dead).digest('hex').slice(0, 16)
    await writeFile(scratch.at(`deep/data/node.lock.${right}`), JSON.stringify({ pid: 2 ** 22 + 2 }))
    const dataDir = await openDataDir(directory)
    expect(await readdir(directory)).to.deep.equal(['node.lock'])
    await dataDir.close()
  })

  it('with a stale lock is opened by exactly one of five processes', async () => {
    await (await openDataDir(directory)).close()
    await writeFile(scratch.at('deep/data/node.lock'), JSON.stringify({ pid: 2 ** 22 + 1 }))
    const all = await Promise.all(Array.from({ length: 5 }, () => inAnotherProcess(directory)))
    expect(all.map(({ said }) => said).sort()).to.deep.equal([...Array<string>(4).fill('E_DATA_DIR_IN_USE'), 'open'])
    // The others leave by themselves, and may have left.
    for (const { child, said } of all) if (said === 'open') child.stdin.end('close')
    await Promise.all(all.map(async ({ child }) => child.exitCode ?? (await once(child, 'close'))))
    expect(await readdir(directory)).to.deep.equal([])
  })

  it('that is a file, or lies in one, is E_DATA_DIR', async () => {
    await scratch.write({ file: '' })
    for (const at of ['file', 'file/data']) {
      const error = await refusal(scratch.at(at))
      expect(error).to.include({ code: 'E_DATA_DIR' })
      expect(error?.message).to.include('no directory')
    }
  })

  it('that this user may not write is E_DATA_DIR', async function () {
    if (process.getuid?.() === 0) this.skip() // root writes everywhere
    await chmod(scratch.path, 0o500)
    const error = await refusal(directory)
    await chmod(scratch.path, 0o700)
    expect(error).to.include({ code: 'E_DATA_DIR' })
    expect(error?.message).to.include('EACCES')
  })
})
