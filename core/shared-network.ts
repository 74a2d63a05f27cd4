/**
 * What plugins and the application share of a node: the one implementation behind `ctx.network` and `PeerNetwork`.
 */
import { isIP } from 'node:net'
import { asP2PNetError, P2PNetError } from './errors.ts'
import type { DistributionResult } from './host/capabilities.ts'
import type { PublicAddress } from './host/host-network.ts'
import type { SharedNetwork } from './host/network-facade.ts'
import { Interfaces } from './interfaces.ts'
import type { Kernel } from './kernel.ts'
import type { NetworkPacket } from './packets/packet.ts'
import type { Frame } from './packets/wire.ts'
import type { PeerChannel } from './peers/channel.ts'
import { isShare, shareMark, type Candidate, type PeerAddress } from './peers/peer.ts'
import type { Refusal } from './trust/refusal.ts'

export function sharedNetwork(kernel: Kernel): SharedNetwork {
  let publicAddress: PublicAddress | undefined
  const interfaces = new Interfaces()
  return {
    get name() {
      return kernel.composition.settings.name
    },
    get state() {
      return kernel.state
    },
    get plugins() {
      return kernel.host.statuses
    },
    get identifier() {
      return kernel.identifier
    },
    get listening() {
      return kernel.connector.listening
    },
    get interfaces() {
      return interfaces.list()
    },
    get publicAddress() {
      return publicAddress as PublicAddress
    },
    get knownPeers() {
      return kernel.knownPeers
    },
    get channels() {
      return kernel.channels
    },
    get trustedChannels() {
      return kernel.channels.trusted
    },
    candidate: (candidate) => hearOf(kernel, candidate),
    connect: (target, options = {}) => kernel.connector.connect(target, options),
    post: (packet, channels) => post(kernel, packet, channels),
    decisions: (query) => kernel.ledger.read(query),
    async block(target, { until } = {}) {
      kernel.policy.block(target)
      const saved = kernel.lists.block(target, until)
      for (const channel of [...kernel.channels]) if (isAbout(channel, kernel)) shutOut(channel, kernel)
      await saved
    },
    async unblock(target) {
      kernel.policy.unblock(target)
      kernel.bans.lift(target)
      await kernel.lists.unblock(target)
    },
    async authorize(identifier) {
      kernel.policy.authorize(identifier)
      const saved = kernel.lists.authorize(identifier)
      for (const channel of [...kernel.channels]) kernel.handshakes.judge(channel)
      await saved
    },
    async revoke(identifier) {
      kernel.policy.revoke(identifier)
      const saved = kernel.lists.revoke(identifier)
      for (const channel of [...kernel.channels]) kernel.handshakes.judge(channel)
      await saved
    },
    setIdentifier(identifier) {
      const refusal = kernel.capabilities.get('identity')?.refuses?.(identifier)
      if (refusal !== undefined) {
        kernel.refuse(refusal, kernel.identifier, 'trust.identifier')
        throw new P2PNetError(refusal.code, refusal.reason)
      }
      kernel.setIdentifier(identifier)
    },
    identify: (channel, identifier) => identify(kernel, channel, identifier),
    setPublicAddress(address) {
      publicAddress = address
    },
    emit: kernel.events.emit.bind(kernel.events),
  }
}

const blocked: Refusal = { code: 'E_BLOCKED', reason: 'blocked by the operator' }

function isAbout({ peer }: PeerChannel, { lists }: Kernel): boolean {
  return (peer.identifier !== undefined && lists.isBlocked(peer.identifier)) || lists.isBlocked(peer.address)
}

function shutOut(channel: PeerChannel, kernel: Kernel): void {
  kernel.refuse(blocked, nameOf(channel), 'network.block')
  void channel.close(blocked)
}

function hearOf(kernel: Kernel, candidate: Candidate): Refusal | undefined {
  if (candidate.identifier !== undefined && candidate.identifier === kernel.identifier) return undefined
  const peer = candidate.identifier ?? candidate.host
  const refusal =
    kernel.objectionTo(candidate) ??
    kernel.generation.at.discovery.candidate.call(candidate) ??
    (kernel.lists.isBlocked(peer) || (isIP(candidate.host) !== 0 && kernel.lists.isBlocked(candidate.host))
      ? blocked
      : undefined)
  if (refusal !== undefined) {
    kernel.refuse(refusal, tellerOf(candidate) ?? peer, 'discovery.candidate')
    return refusal
  }
  const known = kernel.knownPeers.add(candidate)
  if (known === undefined) return undefined
  kernel.events.emit('candidate', known, known.addresses.find(isAt(candidate)))
  return undefined
}

/** A list is one thing that somebody says, however long: what is refused of it counts as one. */
function tellerOf({ via }: Candidate): string | undefined {
  return isShare(via) ? via.slice(shareMark.length) : undefined
}

const isAt =
  ({ host, port, scheme }: Candidate) =>
  (known: PeerAddress): boolean =>
    known.host === host && known.port === port && (scheme === undefined || known.scheme === scheme)

function post(kernel: Kernel, packet: NetworkPacket, channels: readonly PeerChannel[]): DistributionResult[] {
  let frame: Frame
  try {
    frame = kernel.encode(packet)
  } catch (error) {
    return channels.map((channel) => failed(channel, error))
  }
  return channels.map((channel) => {
    try {
      channel.postFrame(frame)
      return { peer: nameOf(channel), ok: true }
    } catch (error) {
      return failed(channel, error)
    }
  })
}

function failed(channel: PeerChannel, thrown: unknown): DistributionResult {
  const { code, message } = asP2PNetError(thrown, 'E_PACKET_INVALID')
  return { peer: nameOf(channel), ok: false, error: { code, message } }
}

/** Somebody who has proved one name and was known under another is none of the two. */
function identify(kernel: Kernel, channel: PeerChannel, identifier: string): boolean {
  if (channel.closed) return false
  const known = channel.peer.identifier
  if (known === identifier && kernel.channels.isProved(channel)) return true
  if (known === undefined || known === identifier) return kernel.channels.claim(channel, identifier, 'proved')
  const refusal: Refusal = { code: 'E_ORIGIN', reason: 'the peer has proved to be somebody else than it said' }
  kernel.refuseChannel(refusal, channel, 'trust.handshake')
  void channel.close(refusal)
  return false
}

const nameOf = (channel: PeerChannel): string => channel.peer.identifier ?? channel.peer.address
