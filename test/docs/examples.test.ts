// A stranger copies the examples into a folder of their own, and they work.
import { execFile, spawn } from 'node:child_process'
import { mkdir, symlink } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { Scratch } from '../support/scratch.ts'
import { readDocuments, root } from './markdown.ts'

const { resolve } = createRequire(import.meta.url)
const nodeFlags = ['--conditions=p2pnet-source', `--import=${pathToFileURL(resolve('tsx')).href}`]

/** For a machine that is busy. */
const patienceMs = 45_000

describe('the examples', function () {
  this.timeout(patienceMs + 5000)
  const folders: Scratch[] = []
  after(() => Promise.all(folders.map((folder) => folder.remove())))

  it('of the README: one program says hello to the other', async () => {
    const port = await freePort()
    const folder = await copied('README.md', (text) => text.replaceAll('4001', String(port)))
    const listener = spawn(process.execPath, [...nodeFlags, 'listen.mjs'], {
      cwd: folder.path,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: patienceMs,
    })
    try {
      const lines: AsyncIterator<string, undefined> = createInterface({ input: listener.stdout })[
        Symbol.asyncIterator
      ]()
      expect((await lines.next()).value).to.match(/^I am [\w-]{43}$/)
      await program(folder, 'hello.mjs')
      expect((await lines.next()).value).to.match(/^[\w-]{43}: Hello$/)
    } finally {
      listener.kill()
    }
  })

  for (const [guide, test] of [
    ['docs/guide/write-a-plugin.md', 'test/weather.test.ts'],
    ['docs/guide/write-a-discovery.md', 'test/static-peers.test.ts'],
  ] as const)
    it(`of ${guide}: its test of its plugin passes`, async () => {
      const folder = await copied(guide)
      const { stdout } = await program(folder, resolve('mocha/bin/mocha.js'), test)
      expect(stdout).to.contain('1 passing')
    })

  /** The named blocks of a document as files, beside an installed p2pnet. */
  async function copied(document: string, change: (text: string) => string = (text) => text): Promise<Scratch> {
    const { blocks = [] } = (await readDocuments()).find(({ file }) => file === document) ?? {}
    const named = blocks
      .filter(({ info }) => /\.[a-z]+$/.test(info))
      .map(({ info, text }) => [info, change(text)] as const)
    const folder = await Scratch.make({ 'package.json': '{ "type": "module" }', ...Object.fromEntries(named) })
    folders.push(folder)
    await mkdir(folder.at('node_modules'))
    await symlink(path.resolve(root), folder.at('node_modules', 'p2pnet'), 'junction')
    return folder
  }
})

const program = ({ path: cwd }: Scratch, ...words: string[]) =>
  promisify(execFile)(process.execPath, [...nodeFlags, ...words], { cwd, timeout: patienceMs })

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}
