/**
 * Hosts in network namespaces (netlab.sh), and real `p2pnet start` processes on them, each with a data directory of its
 * own. Whatever was started and made here is gone after close().
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { StartEvent } from '../../core/cli/start-events.ts'
import { Scratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'

const script = fileURLToPath(new URL('netlab.sh', import.meta.url))
const main = fileURLToPath(new URL('../../core/cli/main.ts', import.meta.url))
const tsx = import.meta.resolve('tsx')
const config = 'p2pnet.config.json'

/** Nothing of the tester's own: P2PNET_HOST or NODE_OPTIONS would change what is tested. */
const env = { PATH: process.env.PATH }

/** How long anything may take that nodes do, starting included. */
const patienceMs = 20_000

export class Lab {
  readonly #prefix = `p2pnet-${randomBytes(4).toString('hex')}-`
  readonly #nodes: LabNode[] = []
  readonly #scratch: Scratch

  private constructor(scratch: Scratch) {
    this.#scratch = scratch
  }

  /**
   * Hosts by what netlab.sh calls them. Where they cannot be made, the test that asks is skipped with a word that says
   * what is missing; with REQUIRE_TOOLS it fails.
   */
  static async open(test: Mocha.Context, ...hosts: ['lan', count: string] | ['alone']): Promise<Lab> {
    const lab = new Lab(await Scratch.make({ [config]: JSON.stringify({ extends: ['p2pnet:recommended'] }) }))
    try {
      await lab.#netlab(...hosts)
      return lab
    } catch (error) {
      await lab.#scratch.remove()
      const missing = await whatIsMissing(error)
      await lab.#netlab('down').catch(() => undefined) // it was said already why this machine makes no hosts
      if (process.env.REQUIRE_TOOLS) throw new Error(missing, { cause: error })
      process.stderr.write(`    skipped: ${missing}\n`)
      return test.skip()
    }
  }

  /** A node on a host (the first is 1), with flags of `p2pnet start`. */
  start(host: number, ...flags: string[]): LabNode {
    const program = [process.execPath, '--conditions=p2pnet-source', `--import=${tsx}`, main]
    const dataDir = this.#scratch.at(`node-${String(this.#nodes.length + 1)}`)
    const words = ['start', '--json', '--config', this.#scratch.at(config), '--data-dir', dataDir, ...flags]
    const where = ['netns', 'exec', `${this.#prefix}${String(host)}`]
    // `ip netns exec` becomes the program: a signal to the child reaches the node itself.
    const child = spawn('ip', [...where, ...program, ...words], { cwd: this.#scratch.path, env, stdio: 'pipe' })
    const node = new LabNode(host, child)
    this.#nodes.push(node)
    return node
  }

  /** Ends what still runs, then takes the hosts away. */
  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.kill()))
    await this.#netlab('down')
    await this.#scratch.remove()
  }

  #netlab(...words: string[]) {
    return run('bash', [script, ...words], { env: { ...env, NL_PREFIX: this.#prefix } })
  }
}

const run = promisify(execFile)

async function whatIsMissing(error: unknown): Promise<string> {
  for (const [program, word] of [
    ['bash', '--version'],
    ['ip', '-V'],
  ] as const)
    if (!(await run(program, [word], { env }).then(Boolean, () => false))) return `there is no program ${program}`
  return `network namespaces cannot be made: ${(error as { stderr?: string }).stderr?.trim() ?? String(error)}`
}

export class LabNode {
  readonly host: number
  readonly events: StartEvent[] = []
  /** Code or signal, once the process has ended. */
  end: string | undefined
  /** What it said to standard error. */
  complaints = ''
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>

  constructor(host: number, child: ChildProcess) {
    this.host = host
    this.#child = child
    this.#closed = once(child, 'close').then(
      ([code, signal]: (number | string | null)[]) => (this.end = String(code ?? signal)),
      (error: unknown) => (this.end = String(error)),
    )
    let rest = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.events.push(JSON.parse(line) as StartEvent)
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.complaints += text))
  }

  /** Empty before it listens. */
  get identifier(): string {
    const listening = this.events.find(({ event }) => event === 'listening')
    return listening === undefined ? '' : String(listening.identifier)
  }

  /** Waits until the node has told of something. Fails at once when the process ends without. */
  async until(what: string, isSo: (event: StartEvent) => boolean): Promise<StartEvent> {
    const found = () => this.events.find(isSo)
    await until(what, () => found() !== undefined || this.end !== undefined, patienceMs).catch(() => undefined)
    const event = found()
    if (event !== undefined) return event
    const told = this.events.map((each) => JSON.stringify(each)).join('\n')
    throw new Error(
      `in vain: ${what}, on host ${String(this.host)} (ended: ${String(this.end)})\n${told}\n${this.complaints}`,
    )
  }

  /** As Ctrl-C does; waits for the end of the process. */
  async interrupt(): Promise<void> {
    this.#child.kill('SIGINT')
    await until('the end after an interrupt', () => this.end !== undefined, patienceMs)
  }

  async kill(): Promise<void> {
    if (this.end === undefined) this.#child.kill('SIGKILL')
    await this.#closed
  }
}
