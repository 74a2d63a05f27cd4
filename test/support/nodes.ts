/**
 * Real nodes for tests: on loopback, each with a data directory of its own, stopped and removed after the test.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  definePlugin,
  PeerNetwork,
  TrustLevel,
  type Config,
  type CreateOptions,
  type EventName,
  type Events,
  type PeerChannel,
  type Plugin,
} from 'p2pnet'

type Entries = NonNullable<Config['plugins']>

/** Believes everybody at once: for tests that are not about handshakes. */
export function trustAtOnce(level: TrustLevel = TrustLevel.authenticated): Plugin {
  return definePlugin({
    name: 'handshake-at-once',
    version: '1.0.0',
    api: 1,
    setup(ctx) {
      ctx.hooks.trust.handshake.tapPromise(async () => Promise.resolve(level))
    },
  })
}

/** A node has this name. */
export function identity(name: string): Plugin {
  return definePlugin({
    name: 'identity-fixed',
    version: '1.0.0',
    api: 1,
    setup(ctx) {
      ctx.hooks.trust.identifier.tap(() => name)
    },
  })
}

export class Nodes {
  readonly #nodes: PeerNetwork[] = []
  readonly #directories: string[] = []

  /** A node of the minimal preset that trusts at once. `name` is its identifier. Not started. */
  async create(
    name: string,
    plugins: Entries = [],
    config: Config = {},
    options: CreateOptions = {},
  ): Promise<PeerNetwork> {
    return this.compose(
      {
        extends: ['p2pnet:minimal'],
        ...config,
        plugins: [
          { use: 'identity-default', enabled: false },
          identity(name),
          trustAtOnce(),
          'distribution',
          ...plugins,
        ],
      },
      options,
    )
  }

  /** A node of exactly this config, with a temporary data directory. Not started. */
  async compose(config: Config | string, options: CreateOptions = {}): Promise<PeerNetwork> {
    const node = await PeerNetwork.create(config, { dataDir: await this.directory(), ...options })
    this.#nodes.push(node)
    return node
  }

  /** A started node. */
  async start(name: string, plugins?: Entries, config?: Config, options?: CreateOptions): Promise<PeerNetwork> {
    const node = await this.create(name, plugins, config, options)
    await node.start()
    return node
  }

  async directory(): Promise<string> {
    const directory = await mkdtemp(path.join(tmpdir(), 'p2pnet-test-'))
    this.#directories.push(directory)
    return directory
  }

  async clean(): Promise<void> {
    await Promise.all(this.#nodes.splice(0).map((node) => node.stop()))
    for (const directory of this.#directories.splice(0)) await rm(directory, { recursive: true, force: true })
  }
}

/** Connects and waits until both sides trust. The dialler's channel, then the listener's. */
export async function connect(from: PeerNetwork, to: PeerNetwork): Promise<[PeerChannel, PeerChannel]> {
  const [listening] = to.listening
  if (listening === undefined) throw new Error('the node does not listen')
  const { host, port } = listening
  const before = new Set(to.channels)
  const channel = await from.connect({ host, port })
  const other = await eventually(() => [...to.channels].find((candidate) => !before.has(candidate)))
  await Promise.all([channel.whenTrusted(), other.whenTrusted()])
  return [channel, other]
}

/** Waits until `look` finds something, a few seconds at most. */
export async function eventually<T>(look: () => T | undefined | false, ms = 5000): Promise<T> {
  const end = Date.now() + ms
  for (;;) {
    const found = look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`not within ${String(ms)} ms: ${look.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** The next time an event comes, and fits. */
export function event<E extends EventName>(
  node: PeerNetwork,
  name: E,
  fits: (...args: Events[E]) => boolean = () => true,
): Promise<Events[E]> {
  return new Promise((resolve) => {
    const listener = (...args: Events[E]) => {
      if (!fits(...args)) return
      node.off(name, listener)
      resolve(args)
    }
    node.on(name, listener)
  })
}
