/** Hosts of a LAN of their own, in network namespaces (netlab.sh). Nothing is sent anywhere else. */
import { execFile, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** What netlab.sh can make. */
export type Topology = readonly ['lan' | 'lans', count: number] | readonly ['alone']

const script = fileURLToPath(new URL('netlab.sh', import.meta.url))
const tsx = import.meta.resolve('tsx')
const run = promisify(execFile)

/** Nothing of the tester's own: P2PNET_HOST or NODE_OPTIONS would change what is tested. */
export const env = { PATH: process.env.PATH }

export class Hosts {
  readonly #prefix = `p2pnet-${randomBytes(4).toString('hex')}-`

  /**
   * Where they cannot be made, the test that asks is skipped with a word that says what is missing; with REQUIRE_TOOLS it
   * fails.
   */
  static async open(test: Mocha.Context, topology: Topology): Promise<Hosts> {
    const hosts = new Hosts()
    try {
      await hosts.lab(...topology.map(String))
      return hosts
    } catch (error) {
      const missing = await whatIsMissing(error)
      await hosts.close().catch(() => undefined) // it was said already why this machine makes no hosts
      if (process.env.REQUIRE_TOOLS) throw new Error(missing, { cause: error })
      process.stderr.write(`    skipped: ${missing}\n`)
      return test.skip()
    }
  }

  /** A command of netlab.sh. */
  async lab(...words: string[]): Promise<void> {
    await run('bash', [script, ...words], { env: { ...env, NL_PREFIX: this.#prefix } })
  }

  /** Runs a program on a host (the first is 1) and answers what it prints. @throws Error if it fails */
  async run(host: number, [program, ...words]: readonly [string, ...string[]], input?: string): Promise<string> {
    const running = run('ip', ['netns', 'exec', this.#name(host), program, ...words], { env })
    running.child.stdin?.end(input)
    return (await running).stdout
  }

  /** Settings of the host's interfaces, addresses and routes: words of `ip`. */
  async ip(host: number, words: string): Promise<void> {
    await run('ip', ['-n', this.#name(host), ...words.split(' ')], { env })
  }

  /** Starts one of our own programs, in TypeScript, on a host. */
  spawn(host: number, program: string, words: readonly string[], options: SpawnOptions): ChildProcess {
    const node = [process.execPath, '--conditions=p2pnet-source', `--import=${tsx}`, program]
    // `ip netns exec` becomes the program: a signal to the child reaches the program itself.
    return spawn('ip', ['netns', 'exec', this.#name(host), ...node, ...words], { env, ...options })
  }

  /** The same, to its end: exit code, and what it printed. */
  async finish(host: number, program: string, words: readonly string[], cwd: string) {
    const child = this.spawn(host, program, words, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text))
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, out, err }
  }

  close(): Promise<void> {
    return this.lab('down')
  }

  #name(host: number): string {
    return `${this.#prefix}${String(host)}`
  }
}

async function whatIsMissing(error: unknown): Promise<string> {
  for (const [program, word] of [
    ['bash', '--version'],
    ['ip', '-V'],
    ['nft', '--version'],
  ] as const)
    if (!(await run(program, [word], { env }).then(Boolean, () => false))) return `there is no program ${program}`
  return `network namespaces cannot be made: ${(error as { stderr?: string }).stderr?.trim() ?? String(error)}`
}
