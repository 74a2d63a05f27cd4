import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const noteLoads = new URL('../fixtures/note-loads.mjs', import.meta.url).href
const heavy = ['systeminformation', 'fatfs', 'pino', 'jiti', 'ajv', 'commander', 'cli-table3', 'cli-progress']

const start = (config: string) => `
  const network = await PeerNetwork.create(${JSON.stringify(config)})
  await network.start()
  await network.stop()`

/** What a program has loaded: packages by name, and the built-ins' folders. */
async function loadedBy(directory: string, program: string): Promise<{ packages: string[]; plugins: string[] }> {
  const notes = path.join(directory, 'loads.txt')
  await writeFile(notes, '')
  const host = createRequire(import.meta.url).resolve('../../core/index.ts')
  const code = `import { PeerNetwork } from ${JSON.stringify(host)}
    ${program}
    const { createRequire } = await import('node:module')
    // CommonJS that CommonJS required does not pass the hooks.
    console.log(JSON.stringify(Object.keys(createRequire(${JSON.stringify(host)}).cache)))`
  const args = ['--import=tsx', '--import', noteLoads, '--input-type=module', '--eval', code]
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: directory,
    env: { ...process.env, NOTE_LOADS: notes },
  })
  const required = JSON.parse(stdout) as string[]
  const loads = [...(await readFile(notes, 'utf8')).split('\n'), ...required]
  const packages = loads.map((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url.replaceAll('\\', '/'))?.[1] ?? '')
  const plugins = loads.map((url) => /\/plugins\/([^/]+\/[^/]+)\/index\.ts/.exec(url)?.[1] ?? '')
  const unique = (names: string[]) => [...new Set(names)].filter((name) => name !== '').sort()
  return { packages: unique(packages), plugins: unique(plugins).filter((name) => !name.endsWith('/shared')) }
}

describe('loading', function () {
  this.timeout(60_000)
  let directory: string
  before(async () => {
    directory = await mkdtemp(path.join(root, 'node_modules', '.cache-lazy-'))
    await writeFile(path.join(directory, 'minimal.json'), '{ "extends": ["p2pnet:minimal"] }')
    await writeFile(
      path.join(directory, 'logging.json'),
      '{ "extends": ["p2pnet:minimal"], "logging": { "logToFile": true }, "plugins": ["distribution"] }',
    )
  })
  after(() => rm(directory, { recursive: true, force: true }))

  it('the host brings no plugin and nothing heavy', async () => {
    const { packages, plugins } = await loadedBy(directory, '')
    expect(plugins).to.deep.equal([])
    expect(packages.filter((name) => [...heavy, 'cosmiconfig'].includes(name))).to.deep.equal([])
  })

  it('a JSON config brings the plugins it names and no loader, compiler or logger', async () => {
    const { packages, plugins } = await loadedBy(directory, start('minimal.json'))
    expect(plugins).to.deep.equal([
      'identity/default',
      'packets/standard',
      'transport/tcp',
      'trust/incoming',
      'wire/binary',
    ])
    expect(packages.filter((name) => heavy.includes(name) && name !== 'systeminformation')).to.deep.equal([])
  })

  it('logging brings pino, and nothing else of what is heavy', async () => {
    const { packages, plugins } = await loadedBy(directory, start('logging.json'))
    expect(plugins).to.include('packets/distribution')
    expect(packages).to.include('pino')
    expect(packages.filter((name) => ['fatfs', 'jiti', 'ajv', 'commander'].includes(name))).to.deep.equal([])
    expect(await readFile(path.join(directory, '.p2pnet', 'p2pnet.log'), 'utf8')).to.match(
      /"msg":"listening".*"msg":"stopped"/s,
    )
  })
})
