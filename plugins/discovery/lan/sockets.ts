/**
 * The sockets of LAN discovery. Designated ports are shared by all nodes of a host (and by whoever likes to bind them),
 * so they carry hints and nothing else: a broadcast or multicast reaches every socket of a shared port, a unicast only
 * the last one bound. What is meant for one node goes to the exclusive port that it sends from.
 */
import type { Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Logger, OwnedSockets } from '../../../core/index.ts'
import { sourceOn, zoneOf, type Link, type Link4, type Link6 } from '../shared/links.ts'

/** Who opens sockets: a plugin's context, or a command that has none. */
export interface Opener {
  readonly net: Pick<OwnedSockets, 'createSocket'>
  readonly log: Pick<Logger, 'debug'>
}

export type Method = 'broadcast' | 'multicast'

/** Multicast groups. */
export interface Groups {
  readonly ipv4: string
  readonly ipv6: string
}

/** How announcements travel. */
export interface Ways {
  readonly methods: readonly Method[]
  readonly group: Groups
  readonly platform: NodeJS.Platform
}

/** The IPv4 addresses to listen on. `only`: nothing but loopback is wanted. */
export function receiveAddresses(
  { methods, group, platform }: Ways,
  only: 'loopback' | undefined,
): readonly [string, ...string[]] {
  // On Linux a socket that is bound to a broadcast address or a group hears what is sent there and nothing else, so a
  // node that keeps to loopback never hears the LAN. Other systems do not promise that; there the source is looked at
  // instead (intake.ts), which does for hints: no system lets a packet from 127.0.0.0/8 in from outside.
  if (platform !== 'linux') return ['0.0.0.0']
  if (!methods.includes('broadcast')) return [group.ipv4]
  if (only !== 'loopback') return ['0.0.0.0']
  return methods.includes('multicast') ? ['127.255.255.255', group.ipv4] : ['127.255.255.255']
}

/** Where an announcement goes on a link. */
export function sendAddresses(link: Link, { methods, group, platform }: Ways): string[] {
  if (link.family === 'IPv6') return methods.includes('multicast') ? [`${group.ipv6}%${zoneOf(link, platform)}`] : []
  const addresses: string[] = []
  if (methods.includes('broadcast')) addresses.push(link.broadcast)
  if (methods.includes('multicast')) addresses.push(group.ipv4)
  // Whether 127.255.255.255 reaches every listener is known of Linux only. Elsewhere a unicast goes along: it reaches
  // the node that came last, and that one answers.
  return link.loopback && platform !== 'linux' ? [...addresses, link.address] : addresses
}

/**
 * Bytes that wait in the system for an ear. Little, because a process takes in one turn of its event loop whatever waits:
 * Linux counts some 800 for the shortest datagram, so this is eighty of them, and of a flood more are lost before they cost
 * anything. What is honest is said more than once.
 */
const earBytes = 32 * 1024

/** A socket on a port that other nodes of this host have too. An IPv6 address hears IPv6 alone. @throws Error of bind */
export function openShared(ctx: Opener, address: string, port: number): Promise<Socket> {
  const family = isIPv6(address) ? ({ type: 'udp6', ipv6Only: true } as const) : ({ type: 'udp4' } as const)
  return bound(ctx, ctx.net.createSocket({ ...family, reuseAddr: true, recvBufferSize: earBytes }), address, port)
}

/**
 * A socket to send from on a link, on a free port of its own, bound to the link's address: neither a broadcast nor a
 * multicast needs a route then. `host`: where the node listens. @throws Error of bind
 */
export async function openExclusive(ctx: Opener, link: Link, host: string, platform: NodeJS.Platform): Promise<Socket> {
  const address = sourceOn(link, host, platform)
  const type = link.family === 'IPv4' ? 'udp4' : 'udp6'
  const socket = await bound(
    ctx,
    ctx.net.createSocket({ type, ...(type === 'udp6' && { ipv6Only: true }) }),
    address,
    0,
  )
  try {
    if (link.family === 'IPv4') socket.setBroadcast(true)
    socket.setMulticastInterface(multicastInterface(link, platform))
    return socket
  } catch (error) {
    socket.close()
    throw error
  }
}

/** What a socket calls the interface of a link. */
export function multicastInterface(link: Link4 | Link6, platform: NodeJS.Platform): string {
  return link.family === 'IPv4' ? link.address : `::%${zoneOf(link, platform)}`
}

function bound(ctx: Opener, socket: Socket, address: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const onRefused = (error: Error) => {
      socket.close()
      reject(error)
    }
    socket.once('error', onRefused)
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off('error', onRefused)
      // An interface that goes down is no reason to fall over: what cannot be heard or said is not.
      socket.on('error', ({ message }) => {
        ctx.log.debug('a discovery socket failed', { address, port, error: message })
      })
      resolve(socket)
    })
  })
}
