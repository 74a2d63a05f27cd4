/** The parent's side of agent.ts: one process on each host, told to start nodes again and again. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../core/index.ts'
import { Scratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'
import type { Order, Told } from './agent.ts'
import { Hosts, type Topology } from './hosts.ts'

const program = fileURLToPath(new URL('agent.ts', import.meta.url))

export class Agent {
  readonly host: number
  /** Since the last start. */
  told: Told[] = []
  #complaints = ''
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  #ended = false

  constructor(host: number, child: ChildProcess) {
    this.host = host
    this.#child = child
    child.on('message', (told: Told) => {
      this.told.push(told)
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#complaints += text))
    this.#closed = once(child, 'exit').then(() => {
      this.#ended = true
    })
  }

  get identifier(): string {
    return this.find('listening')?.identifier ?? ''
  }

  order(order: Order): void {
    if (order.do === 'start') this.told = []
    this.#child.send(order)
  }

  find<E extends Told['event']>(
    event: E,
    isSo: (told: Extract<Told, { event: E }>) => boolean = () => true,
  ): Extract<Told, { event: E }> | undefined {
    return this.told.find((told): told is Extract<Told, { event: E }> => told.event === event && isSo(told as never))
  }

  /** Waits until it has told of this. Fails with all that it told. */
  async until<E extends Told['event']>(
    event: E,
    isSo: (told: Extract<Told, { event: E }>) => boolean = () => true,
    ms = 20_000,
  ): Promise<Extract<Told, { event: E }>> {
    const what = `${event} on host ${String(this.host)}`
    const isOver = () => this.#ended || this.find('failed') !== undefined
    await until(what, () => this.find(event, isSo) !== undefined || isOver(), ms).catch(() => undefined)
    const found = this.find(event, isSo)
    if (found !== undefined) return found
    const told = this.told.map((each) => JSON.stringify(each)).join('\n')
    throw new Error(`in vain: ${what}\n${told}\n${this.#complaints}`)
  }

  /** Asks, and waits for the answer. */
  async ask<E extends Told['event']>(order: Order, event: E): Promise<Extract<Told, { event: E }>> {
    this.told = this.told.filter((told) => told.event !== event)
    this.order(order)
    return this.until(event)
  }

  /** Stops the node that runs, if one does. */
  async stop(): Promise<void> {
    if (this.find('starting') === undefined || this.find('stopped') !== undefined) return
    this.order({ do: 'stop' })
    await this.until('stopped')
  }

  async end(): Promise<void> {
    if (!this.#ended) this.#child.disconnect()
    await this.#closed
  }
}

export class Agents {
  readonly hosts: Hosts
  readonly all: readonly Agent[]
  readonly #scratch: Scratch
  #started = 0

  private constructor(hosts: Hosts, all: readonly Agent[], scratch: Scratch) {
    this.hosts = hosts
    this.all = all
    this.#scratch = scratch
  }

  /** `places`: the host of each agent; several may share one. */
  static async open(test: Mocha.Context, topology: Topology, places: readonly number[]): Promise<Agents> {
    const hosts = await Hosts.open(test, topology)
    const scratch = await Scratch.make()
    const stdio = ['ignore', 'inherit', 'pipe', 'ipc'] as const
    const spawn = (host: number) => hosts.spawn(host, program, [], { cwd: scratch.path, stdio: [...stdio] })
    const agents = new Agents(
      hosts,
      places.map((host) => new Agent(host, spawn(host))),
      scratch,
    )
    await Promise.all(agents.all.map((agent) => agent.until('ready')))
    return agents
  }

  /** A node that has never been anywhere: a data directory, and so a key, of its own. */
  start(agent: Agent, config: Config, counting = false): void {
    const dataDir = this.#scratch.at(`node-${String(++this.#started)}`)
    agent.order({ do: 'start', counting, config: { ...config, network: { ...config.network, dataDir } } })
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((agent) => agent.stop()))
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((agent) => agent.end()))
    await this.hosts.close()
    await this.#scratch.remove()
  }
}
