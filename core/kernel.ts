/**
 * The kernel of one node: makes the rooms, introduces them to each other, and starts and stops them in order. What it
 * decides itself is bounded by `limits`; everything else it asks of plugins.
 */
import type { Clock } from './clock.ts'
import type { Composition } from './config/composition.ts'
import { asP2PNetError, isP2PNetError, P2PNetError } from './errors.ts'
import type { GuardedEmitter } from './events.ts'
import type { TrustPolicy } from './host/capabilities.ts'
import { CapabilityTable } from './host/capability-table.ts'
import type { Generation } from './host/generation.ts'
import type { HostNetwork, NetworkState } from './host/host-network.ts'
import { networkFor, type SharedNetwork } from './host/network-facade.ts'
import { Oversight } from './host/oversight.ts'
import { PluginHost } from './host/plugin-host.ts'
import { logEvents } from './log-events.ts'
import { deferLogger, silentLogger } from './log.ts'
import { encodePacket, type OutboundServices } from './packets/outbound.ts'
import type { NetworkPacket } from './packets/packet.ts'
import type { PacketType } from './packets/registry.ts'
import type { Frame, Wire } from './packets/wire.ts'
import { makePeerRooms, type PeerRooms } from './peer-rooms.ts'
import type { PeerChannel } from './peers/channel.ts'
import type { Transport } from './peers/transport.ts'
import type { Random } from './random.ts'
import { sharedNetwork } from './shared-network.ts'
import { AccessLists } from './trust/access-lists.ts'
import { Bans } from './trust/bans.ts'
import { Ledger } from './trust/ledger.ts'
import type { Refusal } from './trust/refusal.ts'

export class Kernel {
  readonly composition: Composition
  readonly clock: Clock
  readonly log = deferLogger()
  readonly oversight: Oversight
  readonly events: GuardedEmitter
  /** Who gave an answer: a refusal by itself, a trust level by its channel. */
  readonly answeredBy: WeakMap<object, string>
  readonly ledger: Ledger
  readonly lists: AccessLists
  readonly bans: Bans
  readonly capabilities: CapabilityTable
  readonly packetTypes = new Map<string, PacketType>()
  readonly transports = new Map<string, Transport>()
  /** Ids of the plugins that registered them, by scheme. */
  readonly transportOwners = new Map<string, string>()
  readonly shared: SharedNetwork
  readonly host: PluginHost
  identifier = ''
  state: NetworkState = 'created'
  #wire: Wire | undefined
  readonly #settleLog: () => void
  readonly #rooms: PeerRooms
  readonly #outbound: OutboundServices

  /** Sets every plugin up. @throws P2PNetError E_PLUGIN_SETUP and its kind */
  constructor(composition: Composition, clock: Clock, random: Random) {
    const { settings, plugins } = composition
    const { tapMs, startMs, stopMs, banScore, banMs } = settings.limits
    this.composition = composition
    this.clock = clock
    this.oversight = new Oversight(clock, tapMs)
    this.events = this.oversight.events
    this.answeredBy = this.oversight.guard.answeredBy
    this.#settleLog = logEvents(this.events, this.log.logger, clock)
    this.ledger = new Ledger(clock)
    this.lists = new AccessLists(clock, settings.dataDir)
    this.bans = new Bans({
      clock,
      banScore,
      banMs,
      banned: (address) => {
        this.refuse({ code: 'E_BLOCKED', reason: `banned for ${String(banMs)} ms` }, address, 'limits.banScore')
      },
    })
    this.capabilities = new CapabilityTable(plugins, composition.wouldProvide)
    this.#rooms = makePeerRooms(this)
    this.shared = sharedNetwork(this)
    const generation = () => this.generation
    this.#outbound = {
      clock,
      generation,
      types: this.packetTypes,
      wire: () => this.wire,
      identifier: () => this.identifier,
    }
    const { log, shared, events, answeredBy, capabilities, packetTypes, transports, transportOwners } = this
    const refuse = (refusal: Refusal, peer: string, hook: string, plugin: string) => {
      this.refuse(refusal, peer, hook, plugin)
    }
    this.host = new PluginHost(plugins, {
      clock,
      startMs,
      stopMs,
      guard: this.oversight.guard,
      context: {
        settings,
        clock,
        random,
        log: log.logger,
        capabilities,
        packetTypes,
        transports,
        transportOwners,
        network: (plugin) => networkFor(plugin, { shared, events, generation, answeredBy, refuse }),
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

  /** Stays what it was first: open channels speak it. */
  get wire(): Wire {
    return (this.#wire ??= this.#provider('wire'))
  }

  get channels(): PeerRooms['channels'] {
    return this.#rooms.channels
  }

  get knownPeers(): PeerRooms['knownPeers'] {
    return this.#rooms.knownPeers
  }

  get objectionTo(): PeerRooms['objectionTo'] {
    return this.#rooms.objectionTo
  }

  get queue(): PeerRooms['queue'] {
    return this.#rooms.queue
  }

  get connector(): PeerRooms['connector'] {
    return this.#rooms.connector
  }

  get handshakes(): PeerRooms['handshakes'] {
    return this.#rooms.handshakes
  }

  async start(): Promise<void> {
    await this.lists.load()
    await this.#identify()
    for (const peer of (await this.#rooms.peersFile.load()).toReversed()) this.knownPeers.restore(peer)
    await this.host.start()
    await this.connector.listen()
    this.#rooms.idleWatch.start()
    this.events.emit('listening', this.connector.listening)
  }

  async stop(): Promise<void> {
    const reason: Refusal = { code: 'E_STOPPING', reason: 'the node is stopping' }
    this.#rooms.idleWatch.stop()
    await this.connector.close()
    this.queue.close(new P2PNetError(reason.code, reason.reason))
    await Promise.all([...this.channels].map((channel) => channel.close(reason)))
    await this.host.stop()
    await this.lists.settled()
    await this.#rooms.peersFile.close()
    this.oversight.close()
    this.#settleLog()
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
    const by = plugin ?? this.answeredBy.get(refusal) ?? 'kernel'
    const decision = this.ledger.write({ plugin: by, hook, code: refusal.code, reason: refusal.reason, peer })
    this.events.emit('refused', decision)
  }

  /** A no to the peer of a channel; what only a broken or hostile peer does counts against its address. */
  readonly refuseChannel = (refusal: Refusal, { peer }: PeerChannel, hook: string): void => {
    this.refuse(refusal, peer.identifier ?? peer.address, hook)
    this.bans.offence(peer.address, refusal.code)
  }

  /** Once a send, however many peers. @throws P2PNetError */
  encode(packet: NetworkPacket): Frame {
    return encodePacket(packet, this.#outbound)
  }

  async #identify(): Promise<void> {
    let identifier: string | undefined
    try {
      identifier = await this.generation.run((at) => at.trust.identifier.promise(this.shared as HostNetwork))
    } catch (error) {
      // A coded error is the plugin's answer; only its failures mean that nobody could tell.
      if (isP2PNetError(error) && !['E_PLUGIN_FAILED', 'E_PLUGIN_TIMEOUT'].includes(error.code)) throw error
      const words = `this node has no identifier: ${asP2PNetError(error, 'E_NO_IDENTIFIER').message}`
      throw new P2PNetError('E_NO_IDENTIFIER', words, { cause: error })
    }
    if (identifier === undefined) throw new P2PNetError('E_NO_IDENTIFIER', 'no plugin named this node')
    this.setIdentifier(identifier)
  }

  #provider<K extends 'wire' | 'trust'>(capability: K): K extends 'wire' ? Wire : TrustPolicy {
    const provider = this.capabilities.get(capability)
    if (provider === undefined) throw new P2PNetError('E_CAPABILITY_MISSING', `nothing provides ${capability}`)
    return provider as K extends 'wire' ? Wire : TrustPolicy
  }
}
