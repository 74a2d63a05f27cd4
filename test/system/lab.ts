/**
 * Real `p2pnet start` processes on hosts (hosts.ts), each with a data directory of its own. Whatever was started and made
 * here is gone after close().
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { StartEvent } from '../../core/cli/start-events.ts'
import { Scratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'
import { Hosts, type Topology } from './hosts.ts'

const main = fileURLToPath(new URL('../../core/cli/main.ts', import.meta.url))
const config = 'p2pnet.config.json'

/** How long anything may take that nodes do, starting included. */
const patienceMs = 20_000

export class Lab {
  readonly #hosts: Hosts
  readonly #nodes: LabNode[] = []
  readonly #scratch: Scratch

  private constructor(hosts: Hosts, scratch: Scratch) {
    this.#hosts = hosts
    this.#scratch = scratch
  }

  static async open(test: Mocha.Context, ...topology: Topology): Promise<Lab> {
    const hosts = await Hosts.open(test, topology)
    return new Lab(hosts, await Scratch.make({ [config]: JSON.stringify({ extends: ['p2pnet:recommended'] }) }))
  }

  /** A node on a host (the first is 1), with flags of `p2pnet start`. */
  start(host: number, ...flags: string[]): LabNode {
    const dataDir = this.#scratch.at(`node-${String(this.#nodes.length + 1)}`)
    const words = ['start', '--json', '--config', this.#scratch.at(config), '--data-dir', dataDir, ...flags]
    const child = this.#hosts.spawn(host, main, words, { cwd: this.#scratch.path, stdio: 'pipe' })
    const node = new LabNode(host, child)
    this.#nodes.push(node)
    return node
  }

  /** Ends what still runs, then takes the hosts away. */
  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.kill()))
    await this.#hosts.close()
    await this.#scratch.remove()
  }
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
