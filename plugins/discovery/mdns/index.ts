/**
 * Shows the node to every DNS-SD browser as an instance of `_p2pnet._tcp`, and finds other nodes by it: multicast DNS
 * (RFC 6762) and DNS-SD (RFC 6763) over IPv4. What is heard becomes a candidate, and nothing more.
 */
import { definePlugin, type PluginContext } from '../../../core/index.ts'
import { discoveryMdnsSchema, type ResolvedDiscoveryMdnsOptions } from '../../../schemas/generated/discovery-mdns.ts'
import { Presence } from './presence.ts'

const nodes = new WeakMap<PluginContext, Presence>()

export default definePlugin<ResolvedDiscoveryMdnsOptions>({
  name: 'discovery-mdns',
  version: '0.1.0',
  api: 1,
  schema: discoveryMdnsSchema,
  category: 'LAN',
  errors: {
    E_MDNS_SOCKET: 'Stop the program that keeps UDP port 5353 to itself, or name other `interfaces`.',
  },

  setup(ctx, options) {
    const presence = new Presence(ctx, options)
    nodes.set(ctx, presence)
    const begin = () => {
      presence.begin()
    }
    ctx.network.on('listening', begin)
    ctx.network.on('identifierChanged', begin)
  },

  start: (ctx) => nodes.get(ctx)?.open(),
  stop: (ctx) => nodes.get(ctx)?.leave(),
})
