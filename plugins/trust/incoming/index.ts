/**
 * trust-incoming: the seed's IncomingPeerTrustPolicy. What a level of trust permits, who may not come in at all, and
 * where incoming peers wait.
 */
import { BlockList, isIP } from 'node:net'
import {
  addressRange,
  definePlugin,
  P2PNetError,
  TrustLevel,
  type PeerChannel,
  type Refusal,
  type TrustPolicy,
} from '../../../core/index.ts'
import { trustIncomingSchema, type ResolvedTrustIncomingOptions } from '../../../schemas/generated/trust-incoming.ts'

/** A handshake of the config's own: a TS or JS config can hold one. */
type PeerTrustHandshake = (channel: PeerChannel) => TrustLevel | undefined | Promise<TrustLevel | undefined>

/** What allowDefaultCommunication lets pass; everything else is allowEnhancedPacketExchange's. */
const defaultTypes = new Set(['PureMessage', 'Disconnect'])

export default definePlugin<ResolvedTrustIncomingOptions>({
  name: 'trust-incoming',
  version: '0.1.0',
  api: 1,
  schema: trustIncomingSchema,
  provides: ['trust'],
  category: 'Peers',
  setup(ctx, options) {
    const { allowDefaultCommunication, allowEnhancedPacketExchange, trustedLevel } = options
    const threshold = TrustLevel[trustedLevel]
    const names = { blocked: new Set(options.blockedIdentifiers), authorized: new Set(options.authorized) }
    const blockedIPs = readBlockedIPs(options.blockedIPs, ctx.id)

    const notAllowed = (type: string): Refusal => ({
      code: 'E_NOT_ALLOWED',
      reason: `${type} needs a peer at level ${trustedLevel}, or ${defaultTypes.has(type) ? 'allowDefaultCommunication' : 'allowEnhancedPacketExchange'}`,
    })
    // Made once a type: a flood of refused packets costs no allocation.
    const refusals = new Map<string, Refusal>()
    const refusalFor = (type: string): Refusal => {
      let refusal = refusals.get(type)
      if (refusal === undefined) refusals.set(type, (refusal = notAllowed(type)))
      return refusal
    }

    const policy: TrustPolicy = {
      trusted: (level) => level >= threshold,
      allows(level, packetType) {
        if (level >= threshold) return undefined
        const allowed = defaultTypes.has(packetType) ? allowDefaultCommunication : allowEnhancedPacketExchange
        return allowed ? undefined : refusalFor(packetType)
      },
      placement: options.incomingPeerPlacement,
      refuses: (identifier) =>
        names.blocked.has(identifier)
          ? { code: 'E_BLOCKED', reason: `${identifier} is in blockedIdentifiers` }
          : undefined,
      authorizes: (identifier) => names.authorized.has(identifier),
      block: () => undefined,
      unblock: () => undefined,
      authorize: () => undefined,
      revoke: () => undefined,
    }
    ctx.provide('trust', policy)

    ctx.hooks.trust.connection.tap(({ address }) => {
      const family = isIP(address)
      if (family === 0 || !blockedIPs.check(address, family === 6 ? 'ipv6' : 'ipv4')) return undefined
      return { code: 'E_BLOCKED', reason: `${address} is in blockedIPs` }
    })
    ctx.hooks.packets.admit.tap((packet, channel) => {
      // A goodbye tells why a channel ends and closes no other; whether it is acted on is the setting's to say.
      return policy.allows(channel.level, packet.type)
    })

    const own = options.peerTrustHandshake as PeerTrustHandshake | undefined
    if (own !== undefined) ctx.hooks.trust.handshake.tapPromise(async (channel) => own(channel), { stage: -10 })
    if (!options.runDefaultTrustProtocol) ctx.hooks.trust.handshake.tap(() => TrustLevel.unknown, { stage: -5 })
  },
})

function readBlockedIPs(entries: readonly string[], plugin: string): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/')
    const family = isIP(address)
    if (family === 0)
      throw new P2PNetError('E_PLUGIN_OPTIONS', `blockedIPs: ${JSON.stringify(entry)} is no address and no range`, {
        plugin,
      })
    const type = family === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, type)
    else {
      // Says what is wrong with a range before it is added.
      addressRange(address, Number(bits))
      list.addSubnet(address, Number(bits), type)
    }
  }
  return list
}
