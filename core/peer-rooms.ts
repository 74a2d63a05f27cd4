/**
 * Makes the rooms of the kernel that have to do with peers, and introduces them to each other: who is connected, who may
 * come in, how they are believed, what they say.
 */
import { P2PNetError } from './errors.ts'
import type { Kernel } from './kernel.ts'
import { farewell } from './packets/farewell.ts'
import { Inbound } from './packets/inbound.ts'
import type { PeerChannel } from './peers/channel.ts'
import type { ChannelServices } from './peers/channel-services.ts'
import { Channels } from './peers/channels.ts'
import { Connector } from './peers/connector.ts'
import { Doorway } from './peers/doorway.ts'
import { IdleWatch } from './peers/idle-watch.ts'
import { InboundQueue } from './peers/inbound-queue.ts'
import { Hearsay } from './peers/hearsay.ts'
import { KnownPeers } from './peers/known-peers.ts'
import { isOwnAddress } from './peers/own-address.ts'
import { ownWord, type Candidate } from './peers/peer.ts'
import { PeersFile } from './peers/peers-file.ts'
import { Reunions } from './peers/reunions.ts'
import type { Refusal } from './trust/refusal.ts'
import { Handshakes } from './trust/handshakes.ts'

/** Peers speak four times in `limits.idleMs`: whoever missed three is not there. */
const deadShare = 3 / 4

export interface PeerRooms {
  readonly knownPeers: KnownPeers
  readonly peersFile: PeersFile
  /** A no to what somebody says about others. */
  objectionTo(candidate: Candidate): Refusal | undefined
  readonly channels: Channels
  readonly handshakes: Handshakes
  readonly queue: InboundQueue
  readonly idleWatch: IdleWatch
  readonly connector: Connector
}

export function makePeerRooms(kernel: Kernel): PeerRooms {
  const { clock, events, ledger, lists, bans, transports, answeredBy, refuseChannel: refuse } = kernel
  const { settings } = kernel.composition
  const { limits } = settings
  const generation = () => kernel.generation

  const knownPeers: KnownPeers = new KnownPeers({
    clock,
    capacity: limits.knownPeers,
    defaultScheme: () => connector.defaultScheme,
    ownIdentifier: () => kernel.identifier,
    isOwnAddress: (address) => isOwnAddress(address, connector.listening, () => kernel.shared.interfaces),
    isConnected: (identifier) => channels.byIdentifier(identifier) !== undefined,
    changed: () => {
      peersFile.note()
    },
  })
  const peersFile: PeersFile = new PeersFile({
    clock,
    log: kernel.log.logger.child({}, 'Peers'),
    dataDir: settings.dataDir,
    proved: () => knownPeers.proved(),
  })
  const hearsay = new Hearsay(clock)
  const reunions = new Reunions(clock, (channel, awayMs) => {
    events.emit('reconnected', channel, awayMs)
  })

  const channels: Channels = new Channels({
    clock,
    events,
    ownIdentifier: () => kernel.identifier,
    refuses: (identifier) => objection(kernel, identifier),
    refuse,
    named: (channel) => {
      remember(channel, knownPeers)
    },
    self: ({ peer: { address: host, port }, inbound, scheme }) => {
      if (!inbound) knownPeers.forgetAddress({ host, port, scheme })
    },
    gone: (channel, code) => {
      const { identifier } = channel.peer
      if (identifier === undefined) return
      if (channel.lost) knownPeers.prove(identifier)
      reunions.gone(channel, code, channels.byIdentifier(identifier))
    },
    deadMs: limits.idleMs * deadShare,
  })

  const handshakes = new Handshakes({
    clock,
    limits,
    events,
    ledger,
    lists,
    answeredBy,
    generation,
    policy: () => kernel.policy,
    refuse,
  })

  const queue = new InboundQueue({
    clock,
    capacity: limits.inboundQueue,
    attemptMs: limits.attemptMs,
    tell: (attempt) => {
      events.emit('incomingPeer', attempt)
    },
  })

  const doorway = new Doorway({
    clock,
    limits,
    lists,
    bans,
    channels,
    queue,
    placement: () => kernel.policy.placement,
    ask: (info) => kernel.generation.at.trust.connection.call(info),
    refused: (refusal, address, hook) => {
      kernel.refuse(refusal, address, hook)
    },
    farewell: (reason) => farewellBytes(kernel, reason),
  })

  const connector: Connector = new Connector({
    settings,
    transports,
    channels,
    doorway,
    handshakes,
    channel: channelServices(kernel),
  })
  events.on(
    'trustChanged',
    (channel) => {
      const { identifier } = channel.peer
      if (!channel.trusted || identifier === undefined) return
      knownPeers.prove(identifier)
      reunions.trusted(channel)
    },
    'kernel',
  )
  const idleWatch = new IdleWatch({ clock, idleMs: limits.idleMs, channels, refuse })
  const objectionTo = (candidate: Candidate) => hearsay.objection(candidate, () => !knownPeers.has(candidate))
  return { knownPeers, peersFile, objectionTo, channels, handshakes, queue, idleWatch, connector }
}

/** Made at the first channel: the wire is known only after setup. */
function channelServices(kernel: Kernel): () => ChannelServices {
  const { clock, events, packetTypes: types, refuseChannel: refuse } = kernel
  const { limits } = kernel.composition.settings
  const inbound = new Inbound({
    types,
    events,
    refuse,
    generation: () => kernel.generation,
    claim: (channel, identifier) => kernel.channels.claim(channel, identifier, 'claimed'),
  })
  let services: ChannelServices | undefined
  return () =>
    (services ??= {
      clock,
      refuse,
      limits,
      wire: kernel.wire,
      out: {
        clock,
        limitBytes: limits.outQueueBytes,
        windowBytes: kernel.wire.encodeCredit === undefined ? Infinity : limits.windowBytes,
        stallMs: limits.stallMs,
        pauseAfter: kernel.wire.pauseAfter,
      },
      receive: (packet, channel) => inbound.receive(packet, channel),
      encode: (packet) => kernel.encode(packet),
      turn: (ms) => {
        kernel.oversight.turn(ms)
      },
      closed: (channel, reason) => {
        kernel.channels.remove(channel, reason)
      },
    })
}

/** A no of the trust policy or of the operator to somebody of this name. */
function objection({ policy, lists }: Kernel, identifier: string): P2PNetError | undefined {
  const refusal = policy.refuses?.(identifier)
  if (refusal !== undefined) return new P2PNetError(refusal.code, refusal.reason)
  return lists.isBlocked(identifier) ? new P2PNetError('E_BLOCKED', `${identifier} is blocked`) : undefined
}

/** A dialled address is where the peer listens; one that dialled in says so itself, if it wants to be dialled. */
function remember({ peer: { identifier, address, port }, inbound, scheme }: PeerChannel, knownPeers: KnownPeers): void {
  if (identifier === undefined) return
  if (inbound) knownPeers.met(identifier)
  else knownPeers.add({ host: address, port, scheme, identifier, via: ownWord })
}

function farewellBytes(kernel: Kernel, reason: P2PNetError): Uint8Array | undefined {
  try {
    return kernel.encode(farewell(reason, kernel.clock.now())).head
  } catch {
    // The wire does not know Disconnect: then nothing can be said.
    return undefined
  }
}
