/**
 * Shows the node to every DNS-SD browser as an instance of `_p2pnet._tcp`, and finds other nodes by it: multicast DNS
 * (RFC 6762) and DNS-SD (RFC 6763) over IPv4. What is heard becomes a candidate, and nothing more.
 */
import { definePlugin, messageOf, P2PNetError, type PluginContext } from '../../../core/index.ts'
import { discoveryMdnsSchema, type ResolvedDiscoveryMdnsOptions } from '../../../schemas/generated/discovery-mdns.ts'
import { Hearing } from './hearing.ts'
import { isLoopback, linksOf, type Link } from './links.ts'
import { openMulticast } from './multicast.ts'
import { Responder } from './responder.ts'

interface Node {
  readonly options: ResolvedDiscoveryMdnsOptions
  /** One for each link. */
  readonly responders: Responder[]
}

const nodes = new WeakMap<PluginContext, Node>()

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
    const node: Node = { options, responders: [] }
    nodes.set(ctx, node)
    const begin = () => {
      for (const responder of node.responders) void responder.begin()
    }
    ctx.network.on('listening', begin)
    ctx.network.on('identifierChanged', begin)
  },

  async start(ctx) {
    const node = nodes.get(ctx)
    if (node === undefined) return
    node.responders.push(...(await open(ctx, node.options)))
    for (const responder of node.responders) void responder.begin()
  },

  async stop(ctx) {
    const { responders = [] } = nodes.get(ctx) ?? {}
    for (const responder of responders) responder.end()
    await Promise.all(responders.map((responder) => responder.withdraw()))
  },
})

/** A link that cannot be opened does not keep the node from the others. @throws P2PNetError E_MDNS_SOCKET if none can */
async function open(ctx: PluginContext, options: ResolvedDiscoveryMdnsOptions): Promise<Responder[]> {
  const wanted = options.interfaces ?? (isLoopback(ctx.settings.host) ? 'loopback' : 'all')
  const { interfaces } = ctx.network
  const links = linksOf(interfaces, wanted)
  if (links.length === 0) ctx.log.warn('no interface for mDNS', { wanted, present: interfaces.map(({ name }) => name) })
  const responders: Responder[] = []
  const refusals: string[] = []
  for (const link of links) {
    try {
      responders.push(await openLink(ctx, link, options))
    } catch (error) {
      refusals.push(`${link.name}: ${messageOf(error)}`)
      ctx.log.warn('cannot speak mDNS on an interface', { interface: link.name, error: messageOf(error) })
    }
  }
  if (links.length > 0 && responders.length === 0)
    throw new P2PNetError('E_MDNS_SOCKET', `mDNS can be spoken on no interface: ${refusals.join('; ')}`)
  return responders
}

async function openLink(ctx: PluginContext, link: Link, options: ResolvedDiscoveryMdnsOptions): Promise<Responder> {
  const { browseMs, perSourceBurst: burst, perSourcePerSecond: perSecond } = options
  const socket = await openMulticast(ctx, link)
  const responder = new Responder(ctx, link, socket, browseMs)
  const hearing = new Hearing(ctx, link, { burst, perSecond })
  socket.on('message', (message, source) => {
    const packet = hearing.read(message, source)
    if (packet?.type === 'query') responder.hear(packet)
    else if (packet !== undefined)
      for (const candidate of hearing.candidates(packet, source)) ctx.network.candidate(candidate)
  })
  return responder
}
