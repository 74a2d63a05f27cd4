/**
 * PeerNetwork: the composition root. It makes the rooms of the kernel, introduces them to each other, and owns the
 * node's life: create, start, stop.
 *
 * ```ts
 * const network = await PeerNetwork.create({ extends: ['p2pnet:recommended'] })
 * network.on('message', (text, channel) => console.log(channel.peer.identifier, text))
 * await network.start()
 * ```
 */
import { systemClock, type Clock } from './clock.ts'
import type { Composition } from './config/composition.ts'
import type { Config } from './config/define.ts'
import { openDataDir } from './data-dir.ts'
import { P2PNetError } from './errors.ts'
import type { EventName, Events, Listener } from './events.ts'
import type { Capabilities, CapabilityName } from './host/capabilities.ts'
import type { BlockOptions, NetworkState, PublicAddress } from './host/host-network.ts'
import type { PluginStatus } from './host/plugin-host.ts'
import type { NetworkInterface } from './interfaces.ts'
import { Kernel } from './kernel.ts'
import { openLogger, type Logger } from './log.ts'
import type { PeerChannel } from './peers/channel.ts'
import type { ConnectOptions } from './peers/connector.ts'
import type { IncomingAttempt } from './peers/inbound-queue.ts'
import type { KnownPeers } from './peers/known-peers.ts'
import type { DialTarget } from './peers/peer.ts'
import type { Listening } from './peers/transport.ts'
import { systemRandom, type Random } from './random.ts'
import type { Decision, DecisionQuery } from './trust/ledger.ts'

export interface CreateOptions {
  /** Where a config is searched, and what an object's paths are relative to. Default: the working directory. */
  readonly cwd?: string
  /** Overrides `network.dataDir`. */
  readonly dataDir?: string
  /** Overrides `network.host` and `network.port`. */
  readonly host?: string
  readonly port?: number
  readonly clock?: Clock
  readonly random?: Random
  /** Takes the place of the logging that the config asks for. */
  readonly logger?: Logger
}

export class PeerNetwork {
  readonly #kernel: Kernel
  readonly #composition: Composition
  readonly #logger: Logger | undefined
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  /** What start() opened outside the rooms, newest last. */
  readonly #opened: (() => Promise<void>)[] = []

  /**
   * Composes a node from a config: an object, a path, or what is found from `cwd` upwards. Opens nothing.
   * @throws P2PNetError E_CONFIG_…, E_PLUGIN_…, E_CAPABILITY_…; `errors` holds all that were found.
   */
  static async create(config?: Config | string, options: CreateOptions = {}): Promise<PeerNetwork> {
    const { compose } = await import('./config/compose.ts')
    const { cwd, dataDir, host, port } = options
    const composition = await compose(config, {
      ...(cwd !== undefined && { cwd }),
      ...(dataDir !== undefined && { dataDir }),
      overrides: { ...(host !== undefined && { host }), ...(port !== undefined && { port }) },
    })
    return new PeerNetwork(composition, options)
  }

  private constructor(composition: Composition, { clock = systemClock, random = systemRandom, logger }: CreateOptions) {
    this.#composition = composition
    this.#logger = logger
    this.#kernel = new Kernel(composition, clock, random)
  }

  get state(): NetworkState {
    return this.#kernel.state
  }

  /** Name of the network, from the config. */
  get name(): string {
    return this.#composition.settings.name
  }

  /** Who this node is; set once start() has resolved. */
  get identifier(): string {
    return this.#kernel.identifier
  }

  get listening(): readonly Listening[] {
    return this.#kernel.connector.listening
  }

  /** What the machine has. */
  get interfaces(): readonly NetworkInterface[] {
    return this.#kernel.shared.interfaces
  }

  get publicAddress(): PublicAddress | undefined {
    return this.#kernel.shared.publicAddress
  }

  get knownPeers(): KnownPeers {
    return this.#kernel.knownPeers
  }

  get channels(): Iterable<PeerChannel> {
    return this.#kernel.channels
  }

  get trustedChannels(): readonly PeerChannel[] {
    return this.#kernel.channels.trusted
  }

  /** Queue placement: who waits to be let in. */
  get inboundPeers(): { readonly size: number; dequeue(): IncomingAttempt | undefined } {
    return this.#kernel.queue
  }

  /** The plugins in their order of life. */
  get plugins(): readonly { id: string; name: string; state: PluginStatus }[] {
    return this.#kernel.host.statuses
  }

  /**
   * Starts plugins in order and listens. Idempotent.
   * @throws P2PNetError E_DATA_DIR_IN_USE, E_NO_IDENTIFIER, E_PLUGIN_START, E_PLUGIN_TIMEOUT, E_LISTEN; everything that
   * was opened is closed again, and the node is stopped.
   */
  start(): Promise<void> {
    if (this.#kernel.state === 'stopping' || this.#kernel.state === 'stopped')
      return Promise.reject(new P2PNetError('E_STATE', 'a node that has stopped cannot start again'))
    this.#starting ??= this.#start()
    return this.#starting
  }

  /** Closes channels, stops plugins in reverse, gives everything back. Idempotent; never rejects. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** @throws P2PNetError E_DIAL, E_LIMIT, E_BLOCKED, E_ABORTED */
  connect(target: DialTarget, options: ConnectOptions = {}): Promise<PeerChannel> {
    if (this.#kernel.state !== 'running' && this.#kernel.state !== 'starting')
      return Promise.reject(
        new P2PNetError('E_STATE', `the node is ${this.#kernel.state}`, { remedy: 'Connect while the node runs.' }),
      )
    return this.#kernel.shared.connect(target, options)
  }

  block(identifierOrAddress: string, options?: BlockOptions): Promise<void> {
    return this.#kernel.shared.block(identifierOrAddress, options)
  }

  unblock(identifierOrAddress: string): Promise<void> {
    return this.#kernel.shared.unblock(identifierOrAddress)
  }

  authorize(identifier: string): Promise<void> {
    return this.#kernel.shared.authorize(identifier)
  }

  revoke(identifier: string): Promise<void> {
    return this.#kernel.shared.revoke(identifier)
  }

  /** A stable handle on a capability. @throws P2PNetError E_CAPABILITY_MISSING */
  use<K extends CapabilityName>(capability: K): Capabilities[K] {
    return this.#kernel.capabilities.handle(capability)
  }

  has(capability: CapabilityName): boolean {
    return this.#kernel.capabilities.has(capability)
  }

  /** What was refused and who became trusted, and why: the newest thousand. */
  decisions(query?: DecisionQuery): readonly Decision[] {
    return this.#kernel.ledger.read(query)
  }

  on<E extends EventName>(event: E, listener: Listener<E>): this {
    this.#kernel.events.on(event, listener)
    return this
  }

  off<E extends EventName>(event: E, listener: Listener<E>): this {
    this.#kernel.events.off(event, listener)
    return this
  }

  /** Once; the promise resolves with the event's arguments. */
  once<E extends EventName>(event: E): Promise<Events[E]> {
    return new Promise((resolve) => {
      const listener = (...args: Events[E]) => {
        this.off(event, listener)
        resolve(args)
      }
      this.on(event, listener)
    })
  }

  async #start(): Promise<void> {
    this.#kernel.state = 'starting'
    const { settings, config } = this.#composition
    try {
      const dataDir = await openDataDir(settings.dataDir)
      this.#opened.push(() => dataDir.close())
      if (this.#logger === undefined) {
        const { logger, close } = await openLogger(config.logging, settings.dataDir)
        this.#opened.push(close)
        this.#kernel.log.attach(logger)
      } else this.#kernel.log.attach(this.#logger)
      await this.#kernel.start()
      this.#kernel.state = 'running'
    } catch (error) {
      await this.#shutDown()
      throw error
    }
  }

  async #stop(): Promise<void> {
    // A start under way comes to its end first.
    await this.#starting?.catch(() => undefined)
    await this.#shutDown()
  }

  async #shutDown(): Promise<void> {
    if (this.#kernel.state === 'stopped') return
    this.#kernel.state = 'stopping'
    await this.#kernel.stop()
    for (const close of this.#opened.reverse()) await close().catch(() => undefined)
    this.#kernel.state = 'stopped'
    this.#kernel.events.emit('stopped')
    this.#kernel.events.clear()
  }
}
