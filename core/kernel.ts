/**
 * The kernel of one node: makes the rooms, introduces them to each other, and starts and stops them in order. What it
 * decides itself is bounded by `limits`; everything else it asks of plugins.
 */
import type { Clock } from './clock.ts'
import type { Composition } from './config/composition.ts'
import { asP2PNetError, messageOf, P2PNetError } from './errors.ts'
import { GuardedEmitter } from './events.ts'
import type { TrustPolicy } from './host/capabilities.ts'
import { CapabilityTable } from './host/capability-table.ts'
import { Failures } from './host/failures.ts'
import { slowTapMs, type GuardServices } from './host/guard.ts'
import type { Generation } from './host/generation.ts'
import { networkFor, type SharedNetwork } from './host/network-facade.ts'
import { PluginHost } from './host/plugin-host.ts'
import { logEvents } from './log-events.ts'
import { deferLogger, silentLogger } from './log.ts'
import { Inbound } from './packets/inbound.ts'
import { encodePacket } from './packets/outbound.ts'
import type { NetworkPacket } from './packets/packet.ts'
import type { PacketType } from './packets/registry.ts'
import type { Frame, Wire } from './packets/wire.ts'
import type { ChannelServices, PeerChannel } from './peers/channel.ts'
import { Channels } from './peers/channels.ts'
import { Connector } from './peers/connector.ts'
import { Doorway } from './peers/doorway.ts'
import { IdleWatch } from './peers/idle-watch.ts'
import { InboundQueue } from './peers/inbound-queue.ts'
import { KnownPeers } from './peers/known-peers.ts'
import type { Transport } from './peers/transport.ts'
import type { Random } from './random.ts'
import { sharedNetwork } from './shared-network.ts'
import { AccessLists } from './trust/access-lists.ts'
import { Bans } from './trust/bans.ts'
import { Handshakes } from './trust/handshakes.ts'
import { Ledger } from './trust/ledger.ts'
import type { Refusal } from './trust/refusal.ts'

/** Calls of taps that are timed after a slow turn. */
const watchedCalls = 10_000

export class Kernel {
  readonly composition: Composition
  readonly clock: Clock
  readonly log = deferLogger()
  readonly events: GuardedEmitter
  readonly ledger: Ledger
  readonly lists: AccessLists
  readonly bans: Bans
  readonly capabilities: CapabilityTable
  readonly packetTypes = new Map<string, PacketType>()
  readonly transports = new Map<string, Transport>()
  readonly knownPeers: KnownPeers
  readonly channels: Channels
  readonly queue: InboundQueue
  readonly connector: Connector
  readonly handshakes: Handshakes
  readonly shared: SharedNetwork
  readonly host: PluginHost
  identifier = ''
  readonly #failures: Failures
  readonly #guard: GuardServices
  readonly #idleWatch: IdleWatch

  /** Sets every plugin up. @throws P2PNetError E_PLUGIN_SETUP and its kind */
  constructor(composition: Composition, clock: Clock, random: Random) {
    const { settings, plugins } = composition
    const { limits } = settings
    this.composition = composition
    this.clock = clock
    this.#failures = new Failures(clock, (failure) => {
      this.events.emit('pluginFailed', failure)
    })
    this.events = new GuardedEmitter((event, owner, thrown) => {
      const hook = `event:${event}`
      const words = `${owner === 'application' ? 'a listener' : `plugin ${owner}`} failed in ${hook}: ${messageOf(thrown)}`
      this.#failures.report(
        owner,
        hook,
        new P2PNetError('E_PLUGIN_FAILED', words, { plugin: owner, hook, cause: thrown }),
      )
    })
    logEvents(this.events, this.log.logger)
    this.#guard = {
      clock,
      tapMs: limits.tapMs,
      answeredBy: new WeakMap(),
      watch: { calls: 0 },
      failed: (plugin, hook, error) => {
        this.#failures.report(plugin, hook, error)
      },
    }
    this.ledger = new Ledger(clock)
    this.lists = new AccessLists(clock, settings.dataDir)
    this.bans = new Bans({
      clock,
      banScore: limits.banScore,
      banMs: limits.banMs,
      banned: (address) => {
        this.refuse({ code: 'E_BLOCKED', reason: `banned for ${String(limits.banMs)} ms` }, address, 'limits.banScore')
      },
    })
    this.capabilities = new CapabilityTable(plugins, composition.wouldProvide)
    this.knownPeers = new KnownPeers({
      clock,
      capacity: limits.knownPeers,
      defaultScheme: () => this.connector.defaultScheme,
      ownIdentifier: () => this.identifier,
      isConnected: (identifier) => this.channels.byIdentifier(identifier) !== undefined,
    })
    this.channels = this.#makeChannels()
    this.#idleWatch = new IdleWatch({
      clock,
      idleMs: limits.idleMs,
      channels: this.channels,
      refuse: this.#refuseChannel,
    })
    this.handshakes = this.#makeHandshakes()
    this.queue = new InboundQueue({
      clock,
      capacity: limits.inboundQueue,
      attemptMs: limits.attemptMs,
      tell: (attempt) => {
        this.events.emit('incomingPeer', attempt)
      },
    })
    this.connector = this.#makeConnector()
    this.shared = sharedNetwork(this)
    const generation = () => this.generation
    this.host = new PluginHost(plugins, {
      clock,
      startMs: limits.startMs,
      stopMs: limits.stopMs,
      guard: this.#guard,
      context: {
        settings,
        clock,
        random,
        log: this.log.logger,
        capabilities: this.capabilities,
        packetTypes: this.packetTypes,
        transports: this.transports,
        network: (plugin) =>
          networkFor(plugin, {
            shared: this.shared,
            events: this.events,
            generation,
            answeredBy: this.#guard.answeredBy,
            refuse: (refusal, peer, hook, by) => {
              this.refuse(refusal, peer, hook, by)
            },
          }),
      },
    })
  }

  /** The hooks that are live now. */
  get generation(): Generation {
    return this.host.generation
  }

  get policy(): TrustPolicy {
    return this.#provider('trust')
  }

  async start(): Promise<void> {
    await this.lists.load()
    await this.#identify()
    await this.host.start()
    await this.connector.listen()
    this.#idleWatch.start()
    this.events.emit('listening', this.connector.listening)
  }

  async stop(): Promise<void> {
    const reason = new P2PNetError('E_STOPPING', 'the node is stopping')
    this.#idleWatch.stop()
    await this.connector.close()
    this.queue.close(reason)
    await Promise.all([...this.channels].map((channel) => channel.close({ code: reason.code, reason: reason.message })))
    await this.host.stop()
    await this.lists.settled()
    this.#failures.close()
    this.log.logger.info('stopped')
    this.log.attach(silentLogger)
  }

  setIdentifier(identifier: string): void {
    if (identifier === this.identifier) return
    this.identifier = identifier
    this.events.emit('identifierChanged', identifier)
  }

  /** A no, by whoever gave it: written down and told. */
  refuse(refusal: Refusal, peer: string, hook: string, plugin?: string): void {
    const by = plugin ?? this.#guard.answeredBy.get(refusal) ?? 'kernel'
    const decision = this.ledger.write({ plugin: by, hook, code: refusal.code, reason: refusal.reason, peer })
    this.events.emit('refused', decision)
  }

  /** Once a send, however many peers. @throws P2PNetError */
  encode(packet: NetworkPacket): Frame {
    return encodePacket(packet, {
      clock: this.clock,
      wire: this.#provider('wire'),
      types: this.packetTypes,
      identifier: () => this.identifier,
      generation: () => this.generation,
    })
  }

  async #identify(): Promise<void> {
    const network = this.shared as Parameters<Generation['at']['trust']['identifier']['promise']>[0]
    let identifier: string | undefined
    try {
      identifier = await this.generation.run((at) => at.trust.identifier.promise(network))
    } catch (error) {
      throw new P2PNetError(
        'E_NO_IDENTIFIER',
        `this node has no identifier: ${asP2PNetError(error, 'E_NO_IDENTIFIER').message}`,
        {
          cause: error,
        },
      )
    }
    if (identifier === undefined) throw new P2PNetError('E_NO_IDENTIFIER', 'no plugin named this node')
    this.setIdentifier(identifier)
  }

  #makeChannels(): Channels {
    return new Channels({
      clock: this.clock,
      events: this.events,
      ownIdentifier: () => this.identifier,
      refuses: (identifier) => {
        const refusal = this.policy.refuses?.(identifier)
        if (refusal !== undefined) return new P2PNetError(refusal.code, refusal.reason)
        return this.lists.isBlocked(identifier) ? new P2PNetError('E_BLOCKED', `${identifier} is blocked`) : undefined
      },
      refuse: this.#refuseChannel,
      named: (channel) => {
        const { identifier, address, port } = channel.peer
        // A dialled address is where it listens; one that dialled in says so itself, if it wants to be dialled.
        if (identifier !== undefined && !channel.inbound)
          this.knownPeers.add({ host: address, port, scheme: channel.scheme, identifier, via: 'channel' })
      },
    })
  }

  /** A no to the peer of a channel; what only a broken or hostile peer does counts against its address. */
  readonly #refuseChannel = (refusal: Refusal, channel: PeerChannel, hook: string): void => {
    this.refuse(refusal, nameOf(channel), hook)
    this.bans.offence(channel.peer.address, refusal.code)
  }

  #makeHandshakes(): Handshakes {
    return new Handshakes({
      clock: this.clock,
      limits: this.composition.settings.limits,
      events: this.events,
      ledger: this.ledger,
      lists: this.lists,
      answeredBy: this.#guard.answeredBy,
      generation: () => this.generation,
      policy: () => this.policy,
      refuse: this.#refuseChannel,
    })
  }

  #makeConnector(): Connector {
    const { settings } = this.composition
    const { limits } = settings
    const doorway = new Doorway({
      clock: this.clock,
      limits,
      lists: this.lists,
      bans: this.bans,
      channels: this.channels,
      queue: this.queue,
      placement: () => this.policy.placement,
      ask: (info) => this.generation.at.trust.connection.call(info),
      refused: (refusal, address, hook) => {
        this.refuse(refusal, address, hook)
      },
      pendingHandshakes: () => this.handshakes.pending,
      farewell: (reason) => this.#farewell(reason),
    })
    const services = this.#channelServices()
    return new Connector({
      settings,
      transports: this.transports,
      channels: this.channels,
      doorway,
      handshakes: this.handshakes,
      channel: services,
    })
  }

  /** Made at the first channel: the wire is known only after setup. */
  #channelServices(): () => ChannelServices {
    let services: ChannelServices | undefined
    const inbound = new Inbound({
      types: this.packetTypes,
      events: this.events,
      generation: () => this.generation,
      claim: (channel, identifier) => this.channels.claim(channel, identifier),
      refuse: this.#refuseChannel,
    })
    return () =>
      (services ??= {
        clock: this.clock,
        limits: this.composition.settings.limits,
        wire: this.#provider('wire'),
        receive: (packet, channel) => inbound.receive(packet, channel),
        encode: (packet) => this.encode(packet),
        turn: (ms) => {
          if (ms > slowTapMs) this.#guard.watch.calls = watchedCalls
        },
        refuse: this.#refuseChannel,
        closed: (channel, reason) => {
          this.channels.remove(channel, reason)
        },
      })
  }

  #farewell(reason: P2PNetError): Uint8Array | undefined {
    try {
      return this.encode({
        type: 'Disconnect',
        timestamp: this.clock.now(),
        data: `${reason.code}: ${reason.message}`,
      } as NetworkPacket).head
    } catch {
      // The wire does not know Disconnect: then nothing can be said.
      return undefined
    }
  }

  #provider<K extends 'wire' | 'trust'>(capability: K): K extends 'wire' ? Wire : TrustPolicy {
    const provider = this.capabilities.get(capability)
    if (provider === undefined) throw new P2PNetError('E_CAPABILITY_MISSING', `nothing provides ${capability}`)
    return provider as K extends 'wire' ? Wire : TrustPolicy
  }
}

const nameOf = (channel: PeerChannel): string => channel.peer.identifier ?? channel.peer.address
