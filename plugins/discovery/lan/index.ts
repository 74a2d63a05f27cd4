/**
 * Finds other nodes on the LAN and on this machine: each announces itself by broadcast on the designated ports, and what
 * is heard there becomes a candidate. The announcement is an Identifier packet in the node's own wire format.
 */
import { messageOf, P2PNetError, definePlugin, type PluginContext } from '../../../core/index.ts'
import { discoveryLanSchema, type ResolvedDiscoveryLanOptions } from '../../../schemas/generated/discovery-lan.ts'
import { Announcer } from './announcer.ts'
import { Intake, type Source } from './intake.ts'
import { chooseLinks, isLoopback, type Link } from './links.ts'
import { openShared, receiveAddress } from './sockets.ts'

declare module '../../../core/index.ts' {
  interface Events {
    /** Announcements go to the next of the designated ports from now on. */
    rotateBroadcastPort: []
  }
}

/** By node: what start() does. */
const starters = new WeakMap<PluginContext, () => Promise<void>>()

export default definePlugin<ResolvedDiscoveryLanOptions>({
  name: 'discovery-lan',
  version: '0.1.0',
  api: 1,
  schema: discoveryLanSchema,
  requires: ['wire'],
  category: 'LAN',
  errors: {
    E_LAN_PORTS: 'Free one of the UDP ports in network.designatedPorts, or choose others: the same on all nodes.',
  },

  setup(ctx, options) {
    const announcer = new Announcer(ctx, ctx.use('wire'), options, process.platform)
    let open = false
    const announce = () => {
      if (open) announcer.begin()
    }
    ctx.network.on('listening', announce)
    ctx.network.on('identifierChanged', announce)
    ctx.network.on('rotateBroadcastPort', () => {
      announcer.rotate()
    })
    starters.set(ctx, async () => {
      await listen(ctx, options, announcer)
      open = true
      announce()
    })
  },

  start: (ctx) => starters.get(ctx)?.(),
})

async function listen(ctx: PluginContext, options: ResolvedDiscoveryLanOptions, announcer: Announcer): Promise<void> {
  if (ctx.packets.get('Identifier') === undefined)
    throw new P2PNetError(
      'E_PACKET_UNKNOWN',
      'announcements are Identifier packets, and no plugin registers that type',
      {
        remedy: 'Add packets-standard to `plugins`.',
      },
    )
  const links = linksOf(ctx, options)
  if (links.length === 0) return
  const intake = new Intake({
    ctx,
    wire: ctx.use('wire'),
    links,
    perSource: { burst: options.perSourceBurst, perSecond: options.perSourcePerSecond },
    isOwn: (source) => announcer.isOwn(source),
  })
  await announcer.open(links, (datagram, source) => {
    intake.take(datagram, source, 'me')
  })
  await openDesignated(ctx, receiveAddress(links, process.platform), (datagram, source) => {
    if (intake.take(datagram, source, 'everybody') !== 'answer') return
    announcer.answer(source, datagram.length).catch((error: unknown) => {
      ctx.log.debug('an answer could not be made', { error: messageOf(error) })
    })
  })
}

function linksOf(ctx: PluginContext, options: ResolvedDiscoveryLanOptions): Link[] {
  const wanted = options.interfaces ?? (isLoopback(ctx.settings.host) ? 'loopback' : 'all')
  const { interfaces } = ctx.network
  const links = chooseLinks(interfaces, wanted)
  if (links.length === 0)
    ctx.log.warn('no interface to announce on', { wanted, present: interfaces.map(({ name }) => name) })
  if (process.platform !== 'linux' && links.some(({ loopback }) => loopback))
    ctx.log.info(
      'broadcast on loopback is proved on Linux only: here the nodes of one machine may find each other late',
    )
  return links
}

/** One port is enough to be found, so only none at all is an error. */
async function openDesignated(
  ctx: PluginContext,
  address: string,
  heard: (datagram: Uint8Array, source: Source) => void,
): Promise<void> {
  const ports = ctx.settings.designatedPorts
  const refusals: string[] = []
  for (const port of ports) {
    try {
      const socket = await openShared(ctx, address, port)
      socket.on('message', heard)
    } catch (error) {
      refusals.push(messageOf(error))
      ctx.log.warn('cannot listen on a designated port', { address, port, error: messageOf(error) })
    }
  }
  if (refusals.length === ports.length)
    throw new P2PNetError(
      'E_LAN_PORTS',
      `none of the UDP ports ${ports.join(', ')} can be listened on: ${refusals.join('; ')}`,
    )
}
