/** The socket of a link: it shares port 5353 with every other responder and browser of the machine. */
import type { Socket } from 'node:dgram'
import { messageOf, type PluginContext } from '../../../core/index.ts'
import type { Link4 } from '../shared/links.ts'

/** Multicast DNS over IPv4 (RFC 6762, 3). */
export const group = '224.0.0.251'
/** Who sends from another port asks for an answer of his own, as of an ordinary name server; nobody here gives one. */
export const mdnsPort = 5353

/** @throws Error of bind, or of joining the group */
export async function openMulticast(ctx: PluginContext, link: Link4): Promise<Socket> {
  const socket = ctx.net.createSocket({ type: 'udp4', reuseAddr: true })
  try {
    await bind(socket)
    socket.addMembership(group, link.address)
    socket.setMulticastInterface(link.address)
    socket.setMulticastTTL(255)
    socket.setMulticastLoopback(true)
  } catch (error) {
    socket.close()
    throw error
  }
  // An interface that goes down is no reason to fall over: what cannot be heard or said is not.
  socket.on('error', (error) => {
    ctx.log.debug('an mDNS socket failed', { interface: link.name, error: messageOf(error) })
  })
  return socket
}

/**
 * On Linux a socket that is bound to the group gets what is sent to the group and nothing else: it takes no unicast away
 * from another responder of this machine, since of a shared port the last one bound gets that.
 */
const receiveAddress = process.platform === 'linux' ? group : '0.0.0.0'

function bind(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ address: receiveAddress, port: mdnsPort, exclusive: true }, () => {
      socket.off('error', reject)
      resolve()
    })
  })
}
