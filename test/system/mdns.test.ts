// Avahi as a third party: it lists a node, notices that it leaves, and tells a node of others. On hosts in network
// namespaces: nothing is sent anywhere else.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { Scratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'
import { LabNode } from './lab.ts'

const run = promisify(execFile)
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const main = path('../../core/cli/main.ts')
const tsx = import.meta.resolve('tsx')
const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` }
const patienceMs = 20_000

const config = (...plugins: unknown[]) =>
  JSON.stringify({
    extends: ['p2pnet:recommended'],
    network: { name: 'of avahi' },
    plugins: [{ use: 'discovery-lan', enabled: false }, ...plugins],
  })

/** The hosts of one test, and what runs on them. */
class Hosts {
  readonly #prefix = `p2pnet-${randomBytes(4).toString('hex')}-`
  readonly #children: ChildProcess[] = []
  readonly #scratch: Scratch
  #nodes = 0

  private constructor(scratch: Scratch) {
    this.#scratch = scratch
  }

  static async open(test: Mocha.Context, ...words: ['lan', count: string] | ['alone']): Promise<Hosts> {
    const files = { 'with.json': config('discovery-mdns'), 'without.json': config() }
    const hosts = new Hosts(await Scratch.make(files))
    try {
      await hosts.#netlab(...words)
      for (const program of ['avahi-daemon', 'avahi-browse', 'avahi-publish', 'dbus-daemon', 'unshare'])
        await run('sh', ['-c', `command -v ${program}`], { env }).catch(() => {
          throw new Error(`there is no program ${program}`)
        })
      return hosts
    } catch (error) {
      await hosts.close().catch(() => undefined) // why it could not be made is said below
      const missing = error instanceof Error ? error.message : String(error)
      if (process.env.REQUIRE_TOOLS) throw error
      process.stderr.write(`    skipped: ${missing}\n`)
      return test.skip()
    }
  }

  /** A node with one of the two configs. */
  start(host: number, mdns: 'with' | 'without', ...flags: string[]): LabNode {
    const dataDir = this.#scratch.at(`node-${String(++this.#nodes)}`)
    const words = ['start', '--json', '--config', this.#scratch.at(`${mdns}.json`), '--data-dir', dataDir, ...flags]
    const node = [process.execPath, '--conditions=p2pnet-source', `--import=${tsx}`, main, ...words]
    return new LabNode(host, this.#spawn(host, node))
  }

  /** Sets an interface of a host up or down. */
  async link(host: number, name: string, state: 'up' | 'down'): Promise<void> {
    await run('ip', ['-n', `${this.#prefix}${String(host)}`, 'link', 'set', name, state], { env })
  }

  /** A program beside an Avahi of its own; what it has printed, line by line. */
  avahi(host: number, ...words: string[]): { readonly lines: string[] } {
    const own = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
    const child = this.#spawn(host, ['unshare', ...own, 'bash', path('avahi-host.sh'), ...words])
    let text = ''
    let complaints = ''
    child.stdout?.setEncoding('utf8').on('data', (more: string) => (text += more))
    child.stderr?.setEncoding('utf8').on('data', (more: string) => (complaints += more))
    return {
      get lines() {
        if (child.exitCode !== null) throw new Error(`${words[0] ?? ''} has ended: ${complaints}`)
        return text.split('\n').slice(0, -1) // whole ones
      },
    }
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    await this.#netlab('down')
    await this.#scratch.remove()
  }

  #spawn(host: number, words: readonly string[]): ChildProcess {
    const where = ['netns', 'exec', `${this.#prefix}${String(host)}`]
    const child = spawn('ip', [...where, ...words], { cwd: this.#scratch.path, env, stdio: 'pipe' })
    this.#children.push(child)
    return child
  }

  #netlab(...words: string[]) {
    return run('bash', [path('netlab.sh'), ...words], { env: { ...env, NL_PREFIX: this.#prefix } })
  }
}

const listens = async (node: LabNode) => {
  const { listening } = await node.until('listening', ({ event }) => event === 'listening')
  return (listening as { port: number }[])[0]!.port
}
const trusts = (node: LabNode, other: LabNode) =>
  node.until(
    `trust in ${other.identifier}`,
    ({ event, peer, trusted }) => event === 'trustChanged' && peer?.identifier === other.identifier && trusted === true,
  )

describe('avahi', () => {
  let hosts: Hosts | undefined
  afterEach(async () => {
    await hosts?.close()
    hosts = undefined
  })

  it('lists a node by its service with address, port and TXT, and that it has left', async function () {
    hosts = await Hosts.open(this, 'lan', '2')
    const browser = hosts.avahi(2, 'avahi-browse', '--resolve', '--parsable', '_p2pnet._tcp')
    const node = hosts.start(1, 'with', '--lan')
    const port = await listens(node)
    const { identifier } = node
    const found = () => browser.lines.find((line) => line.startsWith('='))?.split(';')
    await until('the service is resolved', () => found() !== undefined, patienceMs)
    const [, interface_, protocol, name, type, domain, host, address, seenPort, txt = ''] = found()!
    expect([interface_, protocol, name, type, domain]).to.deep.equal([
      ...['eth0', 'IPv4', identifier, '_p2pnet._tcp', 'local'],
    ])
    expect([host, address, seenPort]).to.deep.equal([
      ...[host?.match(/^p2pnet-[0-9a-f]{16}\.local$/)?.[0], '10.77.0.1', String(port)],
    ])
    expect(txt.split(/(?<=") (?=")/).sort()).to.deep.equal([`"id=${identifier}"`, '"net=of avahi"', '"v=1"'])

    await node.interrupt()
    expect(node.end).to.equal('0')
    const gone = `-;eth0;IPv4;${identifier};_p2pnet._tcp;local`
    await until('it is known to have left', () => browser.lines.includes(gone), patienceMs)
  })

  it('lists a node when it is asked once, later', async function () {
    hosts = await Hosts.open(this, 'lan', '2')
    const node = hosts.start(1, 'with', '--lan')
    const port = await listens(node)
    const words = 'avahi-browse --resolve --parsable --terminate _p2pnet._tcp; sleep 60'
    const browser = hosts.avahi(2, 'sh', '-c', words)
    const found = () => browser.lines.some((line) => line.startsWith(`=;eth0;IPv4;${node.identifier};`))
    await until('the service is listed', found, patienceMs)
    expect(browser.lines.find((line) => line.startsWith('='))).to.include(`;10.77.0.1;${String(port)};`)
  })

  it('tells a node of one that does not speak for itself, and they come to trust each other', async function () {
    hosts = await Hosts.open(this, 'lan', '2')
    const [node, mute] = [hosts.start(1, 'with', '--lan'), hosts.start(2, 'without', '--lan')]
    const [, port] = [await listens(node), await listens(mute)]
    const txt = [`id=${mute.identifier}`, 'v=1', 'net=of avahi']
    hosts.avahi(2, 'avahi-publish', '--service', 'A mute one', '_p2pnet._tcp', String(port), ...txt)
    await trusts(node, mute)
    await trusts(mute, node)
  })
})

describe('discovery-mdns', () => {
  let hosts: Hosts | undefined
  afterEach(async () => {
    await hosts?.close()
    hosts = undefined
  })

  it('alone lets the nodes of a LAN without a way out find each other', async function () {
    hosts = await Hosts.open(this, 'lan', '3')
    const nodes = [hosts.start(1, 'with', '--lan'), hosts.start(2, 'with', '--lan'), hosts.start(3, 'with', '--lan')]
    await Promise.all(nodes.map(listens))
    await Promise.all(
      nodes.flatMap((node) => nodes.filter((other) => other !== node).map((other) => trusts(node, other))),
    )
  })

  it('notices an interface that comes after the start, and one that goes and comes back', async function () {
    hosts = await Hosts.open(this, 'lan', '2')
    await hosts.link(1, 'eth0', 'down')
    const [node, other] = [hosts.start(1, 'with', '--lan'), hosts.start(2, 'with', '--lan')]
    await Promise.all([node, other].map(listens))
    await hosts.link(1, 'eth0', 'up')
    await Promise.all([trusts(node, other), trusts(other, node)])
    await hosts.link(1, 'eth0', 'down')
    await other.interrupt()
    const third = hosts.start(2, 'with', '--lan')
    await listens(third)
    await hosts.link(1, 'eth0', 'up')
    await Promise.all([trusts(node, third), trusts(third, node)])
  })

  it('lets two nodes of a machine find each other that has loopback alone', async function () {
    hosts = await Hosts.open(this, 'alone')
    const nodes = [hosts.start(1, 'with'), hosts.start(1, 'with')] as const
    await Promise.all(nodes.map(listens))
    await trusts(nodes[0], nodes[1])
    await trusts(nodes[1], nodes[0])
  })
})
