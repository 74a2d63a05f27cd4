/**
 * Finds other nodes on the LAN and on this machine: each announces itself by broadcast and multicast on the designated
 * ports, and what is heard there becomes a candidate. The announcement is an Identifier packet in the node's own wire
 * format.
 */
import { messageOf, P2PNetError, definePlugin, type PluginContext } from '../../../core/index.ts'
import { discoveryLanSchema, type ResolvedDiscoveryLanOptions } from '../../../schemas/generated/discovery-lan.ts'
import { Announcer } from './announcer.ts'
import { Ears } from './ears.ts'
import { groupsOf } from './groups.ts'
import { Intake } from './intake.ts'
import { InterfacesWatch, type Change } from '../shared/interfaces-watch.ts'
import { wantedLinks, type Link } from '../shared/links.ts'
import { rhythms } from './rhythm/rhythm.ts'
import type { Ways } from './sockets.ts'
import { Voices, type Source } from './voices.ts'

declare module '../../../core/index.ts' {
  interface Events {
    /** Announcements go to the next of the designated ports from now on. */
    rotateBroadcastPort: []
  }
}

/** By node: what its plugin does in its life. */
const lives = new WeakMap<PluginContext, { start(): Promise<void>; stop(): Promise<void> }>()

/** Out here, because tsc rewrites no import() inside of `export default`. */
const commands = { doctor: () => import('./cli-doctor.ts') }

export default definePlugin<ResolvedDiscoveryLanOptions>({
  name: 'discovery-lan',
  version: '0.1.0',
  api: 1,
  schema: discoveryLanSchema,
  requires: ['wire'],
  category: 'LAN',
  commands,
  errors: {
    E_LAN_PORTS: 'Free one of the UDP ports in network.designatedPorts, or choose others: the same on all nodes.',
  },

  setup(ctx, options) {
    const { announcer, start } = compose(ctx, options)
    let open = false
    const announce = () => {
      if (open) announcer.begin()
    }
    ctx.network.on('listening', announce)
    ctx.network.on('identifierChanged', announce)
    ctx.network.on('rotateBroadcastPort', () => {
      announcer.rotate()
    })
    for (const event of ['peerAdded', 'peerRemoved'] as const)
      ctx.network.on(event, () => {
        announcer.companyChanged()
      })
    lives.set(ctx, {
      async start() {
        await start()
        open = true
        announce()
      },
      async stop() {
        open = false
        // A node that goes on without this plugin, or with another in its place, is not leaving.
        if (ctx.network.state === 'running') announcer.end()
        else await announcer.leave()
      },
    })
  },

  start: (ctx) => lives.get(ctx)?.start(),
  stop: (ctx) => lives.get(ctx)?.stop(),
})

interface Parts {
  readonly announcer: Announcer
  /** Opens what there is to open, and follows the interfaces from then on. @throws P2PNetError E_LAN_PORTS */
  start(): Promise<void>
}

function compose(ctx: PluginContext, options: ResolvedDiscoveryLanOptions): Parts {
  const wire = ctx.use('wire')
  const wanted = wantedLinks(options.interfaces, ctx.settings.host)
  const ways: Ways = { methods: options.methods, group: groupsOf(options.group), platform: process.platform }
  const watch = new InterfacesWatch(ctx, wanted)
  const voices = new Voices(ctx, ways, (datagram, source) => {
    intake.take(datagram, source, 'me')
  })
  const announcer = new Announcer({ ctx, wire, voices, ways, rhythm: rhythms[options.rhythm], intervals: options })
  const intake = new Intake({
    ctx,
    wire,
    links: () => watch.links,
    perSource: { burst: options.perSourceBurst, perSecond: options.perSourcePerSecond },
    isOwn: (source) => voices.isOwn(source),
  })
  const only = wanted === 'loopback' ? wanted : undefined
  const ears = new Ears(ctx, { ways, only }, (datagram: Uint8Array, source: Source) => {
    if (intake.take(datagram, source, 'everybody') !== 'answer') return
    announcer.answer(source, datagram.length).catch((error: unknown) => {
      ctx.log.debug('an answer could not be made', { error: messageOf(error) })
    })
  })

  const follow = async (change: Change | undefined): Promise<void> => {
    if (change === undefined && voices.areComplete && ears.areComplete) return
    const isHeardAnew = await voices.follow(watch.links)
    await ears.follow(watch.links)
    if (isHeardAnew || (change !== undefined && change.changed.length > 0)) announcer.begin()
  }
  return {
    announcer,
    async start() {
      if (ctx.packets.get('Identifier') === undefined)
        throw new P2PNetError(
          'E_PACKET_UNKNOWN',
          'announcements are Identifier packets, and no plugin registers that type',
          { remedy: 'Add packets-standard to `plugins`.' },
        )
      watch.look()
      sayWhere(ctx, watch.links, wanted)
      await voices.follow(watch.links)
      await ears.follow(watch.links)
      watch.follow(async (change) => {
        if (change !== undefined)
          ctx.log.info('the interfaces have changed', {
            appeared: namesOf(change.appeared),
            gone: namesOf(change.gone),
            changed: namesOf(change.changed),
          })
        await follow(change)
      })
    },
  }
}

function sayWhere(ctx: PluginContext, links: readonly Link[], wanted: unknown): void {
  if (links.length === 0)
    ctx.log.warn('no interface to announce on', { wanted, present: ctx.network.interfaces.map(({ name }) => name) })
  if (process.platform !== 'linux' && links.some(({ loopback }) => loopback))
    ctx.log.info(
      'broadcast on loopback is proved on Linux only: here the nodes of one machine may find each other late',
    )
}

const namesOf = (links: readonly Link[]): string[] => links.map(({ name, address }) => `${name} ${address}`)
