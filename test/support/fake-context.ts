/**
 * A plugin's context without a node: what the plugin taps, provides, logs and tells is recorded, time stands still until
 * the test moves it, and the node around it is whatever the test says. Sockets are real.
 */
import { createSocket, type Socket } from 'node:dgram'
import { connect, createServer } from 'node:net'
import { GuardedEmitter, type EventName, type Events } from '../../core/events.ts'
import type { Capabilities, CapabilityName } from '../../core/host/capabilities.ts'
import type { Plugin } from '../../core/host/define-plugin.ts'
import type { HostNetwork } from '../../core/host/host-network.ts'
import type { Disposer, PluginContext } from '../../core/host/plugin-context.ts'
import { createTaps, type TapRecord } from '../../core/host/taps.ts'
import type { LogLevel, Logger } from '../../core/log.ts'
import { createPacketType, type PacketType, type PacketTypeOptions } from '../../core/packets/registry.ts'
import type { PeerChannel } from '../../core/peers/channel.ts'
import type { Candidate, DialTarget } from '../../core/peers/peer.ts'
import type { Listening, Transport } from '../../core/peers/transport.ts'
import { limitsOf, type NodeSettings } from '../../core/settings.ts'
import { validatorOf, type JsonSchema } from '../../core/validators.ts'
import { configSchema, type ResolvedConfig } from '../../schemas/generated/config.ts'
import { seededRandom } from './seeded-random.ts'
import { VirtualClock } from './virtual-clock.ts'

export interface FakeSetup {
  readonly settings?: Partial<NodeSettings>
  readonly seed?: number
  /** What ctx.use() finds, next to what was provided. */
  readonly capabilities?: Partial<Capabilities>
  /** Overrides of ctx.network: methods and fields alike. */
  readonly network?: Partial<HostNetwork>
  /** Packet types that other plugins would have registered. */
  readonly packetTypes?: Readonly<Record<string, JsonSchema>>
}

export interface LogLine {
  readonly level: LogLevel
  readonly message: string
  readonly fields: Record<string, unknown>
}

export interface FakeContext {
  readonly ctx: PluginContext
  readonly clock: VirtualClock
  readonly taps: TapRecord[]
  readonly provided: Partial<Capabilities>
  readonly transports: Map<string, Transport>
  readonly log: LogLine[]
  /** The node, for the test to fill: channels are those of the test's making. */
  readonly node: { identifier: string; listening: Listening[]; channels: PeerChannel[] }
  /** What the plugin said to ctx.network. */
  readonly candidates: Candidate[]
  readonly dials: DialTarget[]
  readonly asked: { hook: string; args: unknown[] }[]
  readonly emitted: { event: string; args: unknown[] }[]
  /** Errors of the plugin's own listeners. */
  readonly listenerErrors: unknown[]
  emit<E extends EventName>(event: E, ...args: Events[E]): void
  /** What the host does when the plugin leaves. */
  leave(): Promise<void>
}

export function fakeContext(setup: FakeSetup = {}): FakeContext {
  const clock = new VirtualClock()
  const abort = new AbortController()
  const disposers: Disposer[] = []
  const sockets = new Set<Socket>()
  const events = new GuardedEmitter((_event, _owner, error) => fake.listenerErrors.push(error))
  const packetTypes = new Map<string, PacketType>(
    Object.entries(setup.packetTypes ?? {}).map(([name, schema]) => [name, createPacketType(name, schema)]),
  )
  const fake: Omit<FakeContext, 'ctx'> = {
    clock,
    taps: [],
    provided: {},
    transports: new Map(),
    log: [],
    node: { identifier: 'me', listening: [], channels: [] },
    candidates: [],
    dials: [],
    asked: [],
    emitted: [],
    listenerErrors: [],
    emit: (event, ...args) => {
      events.emit(event, ...args)
    },
    async leave() {
      abort.abort(new Error('the plugin leaves'))
      for (const dispose of disposers.reverse()) await dispose()
      for (const socket of sockets) socket.close()
      events.clear()
    },
  }

  const network = {
    name: setup.settings?.name ?? 'test',
    get identifier() {
      return fake.node.identifier
    },
    get listening() {
      return fake.node.listening
    },
    interfaces: loopbackOnly,
    knownPeers: Object.assign([], { get: () => undefined }),
    get channels() {
      return fake.node.channels
    },
    get trustedChannels() {
      return fake.node.channels.filter(({ trusted }) => trusted)
    },
    candidate: (candidate: Candidate) => void fake.candidates.push(candidate),
    connect(target: DialTarget) {
      fake.dials.push(target)
      return new Promise(() => undefined)
    },
    ask(hook: string, ...args: unknown[]) {
      fake.asked.push({ hook, args })
      return Promise.resolve(undefined)
    },
    on: events.on.bind(events),
    off: events.off.bind(events),
    emit(event: string, ...args: unknown[]) {
      fake.emitted.push({ event, args })
    },
  }
  for (const [name, own] of Object.entries(Object.getOwnPropertyDescriptors(setup.network ?? {})))
    Object.defineProperty(network, name, own)

  const ctx = {
    id: 'under-test',
    hooks: createTaps('under-test', (tap) => fake.taps.push(tap)),
    log: recordInto(fake.log),
    clock,
    random: seededRandom(setup.seed ?? 1),
    signal: abort.signal,
    net: {
      createServer,
      connect,
      createSocket(options: Parameters<typeof createSocket>[0]) {
        const socket = createSocket(options)
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
        return socket
      },
    },
    network,
    packets: {
      get: (type: string) => packetTypes.get(type),
      get types() {
        return packetTypes.values()
      },
      register: (type: string, schema: JsonSchema, options?: PacketTypeOptions) =>
        void packetTypes.set(type, createPacketType(type, schema, options)),
    },
    transport: { register: (scheme: string, transport: Transport) => void fake.transports.set(scheme, transport) },
    settings: { ...defaultSettings(), ...setup.settings },
    defer: (disposer: Disposer) => void disposers.push(disposer),
    provide: (name: CapabilityName, implementation: never) => void (fake.provided[name] = implementation),
    use(name: CapabilityName) {
      const found = fake.provided[name] ?? setup.capabilities?.[name]
      if (found === undefined) throw new Error(`the test brings no capability ${name}`)
      return found
    },
    has: (name: CapabilityName) => (fake.provided[name] ?? setup.capabilities?.[name]) !== undefined,
  } as unknown as PluginContext
  return Object.assign(fake, { ctx })
}

/** Options as the host would give them to setup: checked, with the defaults filled in. */
export function resolveOptions<O extends object>(plugin: Plugin<O>, options: Record<string, unknown> = {}): O {
  const filled = { ...options }
  if (plugin.schema === undefined) return filled as O
  const validate = validatorOf(plugin.schema, 'options')
  if (!validate(filled)) throw new Error(JSON.stringify(validate.errors))
  return filled as O
}

const loopbackOnly = [
  {
    name: 'lo',
    mac: '00:00:00:00:00:00',
    addresses: [
      { address: '127.0.0.1', netmask: '255.0.0.0', family: 'IPv4', broadcast: '127.255.255.255', internal: true },
    ],
  },
] as const

function defaultSettings(): NodeSettings {
  const config = {}
  validatorOf(configSchema, 'options')(config)
  const { network, limits } = config as ResolvedConfig
  return { ...network, name: 'test', limits: limitsOf(limits) }
}

/** Keeps what is logged. */
export function recordingLogger(): { logger: Logger; lines: LogLine[] } {
  const lines: LogLine[] = []
  return { logger: recordInto(lines), lines }
}

function recordInto(lines: LogLine[]): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields: Record<string, unknown> = {}) =>
      void lines.push({ level, message, fields })
  const logger: Logger = {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  }
  return logger
}

/** A channel that is no more than what the test says. */
export function fakeChannel(fields: { readonly [K in keyof PeerChannel]?: unknown } = {}): PeerChannel {
  return {
    closed: false,
    lost: false,
    openedAt: 0,
    lastReceivedAt: 0,
    stats: { packetsIn: 0, packetsOut: 0, bytesIn: 0, bytesOut: 0 },
    peer: { address: '127.0.0.1', port: 1 },
    ...fields,
  } as unknown as PeerChannel
}
