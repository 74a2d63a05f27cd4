/**
 * trust-incoming: the seed's IncomingPeerTrustPolicy. What a level of trust permits, who may not come in at all, and
 * where incoming peers wait.
 */
import { BlockList, isIP } from 'node:net'
import {
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

    const refusesAddress = (address: string): Refusal | undefined => {
      const family = isIP(address)
      if (family === 0 || !blockedIPs.check(address, family === 6 ? 'ipv6' : 'ipv4')) return undefined
      return { code: 'E_BLOCKED', reason: `${address} is in blockedIPs` }
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
      refusesAddress,
      authorizes: (identifier) => names.authorized.has(identifier),
      block: () => undefined,
      unblock(target) {
        assertNotConfigured(names.blocked.has(target), target, 'blockedIdentifiers', ctx.id)
        assertNotConfigured(options.blockedIPs.includes(target), target, 'blockedIPs', ctx.id)
      },
      authorize: () => undefined,
      revoke(identifier) {
        assertNotConfigured(names.authorized.has(identifier), identifier, 'authorized', ctx.id)
      },
    }
    ctx.provide('trust', policy)

    if (options.blockedIPs.length > 0) ctx.hooks.trust.connection.tap(({ address }) => refusesAddress(address))
    ctx.hooks.packets.admit.tap((packet, channel) => {
      // A goodbye tells why a channel ends and closes no other; whether it is acted on is the setting's to say.
      return policy.allows(channel.level, packet.type)
    })

    const own = options.peerTrustHandshake as PeerTrustHandshake | undefined
    if (own !== undefined) ctx.hooks.trust.handshake.tapPromise(async (channel) => own(channel), { stage: -10 })
    if (!options.runDefaultTrustProtocol) ctx.hooks.trust.handshake.tap(() => TrustLevel.unknown, { stage: -5 })
  },
})

/** One address, or a range in CIDR notation. */
const blockedForm = /^([0-9a-fA-F:.]+)(?:\/(\d{1,3}))?$/

function readBlockedIPs(entries: readonly string[], plugin: string): BlockList {
  const list = new BlockList()
  for (const [index, entry] of entries.entries()) {
    const [, address = '', bits] = blockedForm.exec(entry) ?? []
    const family = isIP(address)
    const longest = family === 6 ? 128 : 32
    if (family === 0 || Number(bits ?? 0) > longest)
      throw new P2PNetError('E_PLUGIN_OPTIONS', `must be an address or a range, got ${JSON.stringify(entry)}`, {
        plugin,
        path: `/blockedIPs/${String(index)}`,
      })
    list.addSubnet(address, Number(bits ?? longest), family === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}

/** What stands in the config cannot be taken back while the node runs: better a clear no than a yes that does nothing. */
function assertNotConfigured(isConfigured: boolean, name: string, option: string, plugin: string): void {
  if (!isConfigured) return
  throw new P2PNetError('E_NOT_ALLOWED', `${name} stands in ${option} of the config`, {
    plugin,
    remedy: `Take it out of ${option} and start the node again.`,
  })
}
