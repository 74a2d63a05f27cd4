/**
 * The sockets of LAN discovery. Designated ports are shared by all nodes of a host (and by whoever likes to bind them),
 * so they carry hints and nothing else: a broadcast reaches every socket of a shared port, a unicast only the last one
 * bound. What is meant for one node goes to the exclusive port that it sends from.
 */
import type { Socket } from 'node:dgram'
import type { PluginContext } from '../../../core/index.ts'
import type { Link } from './links.ts'

/** The address to listen on. */
export function receiveAddress(links: readonly Link[], platform: NodeJS.Platform): string {
  // On Linux a socket that is bound to the broadcast address of loopback hears what is sent there and nothing else, so a
  // node that keeps to loopback never hears the LAN. Other systems do not promise that; there the source is looked at
  // instead (intake.ts), which does for hints: no system lets a packet from 127.0.0.0/8 in from outside.
  const [first] = links
  return platform === 'linux' && first !== undefined && links.every(({ loopback }) => loopback)
    ? first.broadcast
    : '0.0.0.0'
}

/** Where an announcement goes on a link. */
export function sendAddresses({ address, broadcast, loopback }: Link, platform: NodeJS.Platform): string[] {
  // Whether 127.255.255.255 reaches every listener is known of Linux only. Elsewhere a unicast goes along: it reaches
  // the node that came last, and that one answers.
  return loopback && platform !== 'linux' ? [broadcast, address] : [broadcast]
}

/** A socket on a port that other nodes of this host have too. @throws Error of bind */
export function openShared(ctx: PluginContext, address: string, port: number): Promise<Socket> {
  return bound(ctx, ctx.net.createSocket({ type: 'udp4', reuseAddr: true }), address, port)
}

/** A socket to send from, on a free port of its own. @throws Error of bind */
export async function openExclusive(ctx: PluginContext, address: string): Promise<Socket> {
  const socket = await bound(ctx, ctx.net.createSocket({ type: 'udp4' }), address, 0)
  socket.setBroadcast(true)
  return socket
}

function bound(ctx: PluginContext, socket: Socket, address: string, port: number): Promise<Socket> {
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
