/** Opens the designated ports as a node does, on all addresses, beside the nodes that listen there already. */
import { messageOf } from '../../../../core/index.ts'
import type { Link } from '../../shared/links.ts'
import { multicastInterface, openShared, type Opener, type Ways } from '../sockets.ts'
import type { PortFacts } from './facts.ts'
import type { Receive } from './post.ts'

export async function openPorts(
  opener: Opener,
  { group, platform }: Ways,
  ports: readonly number[],
  links: readonly Link[],
  heard: Receive,
): Promise<PortFacts[]> {
  const sides = [
    { address: '0.0.0.0', group: group.ipv4, links: links.filter(({ family }) => family === 'IPv4') },
    { address: '::', group: group.ipv6, links: links.filter(({ family }) => family === 'IPv6') },
  ].filter((side) => side.links.length > 0)

  const open = async (port: number): Promise<PortFacts> => {
    let error: string | undefined
    for (const side of sides) {
      try {
        const socket = await openShared(opener, side.address, port)
        socket.on('message', heard)
        for (const link of side.links) {
          try {
            socket.addMembership(side.group, multicastInterface(link, platform))
          } catch {
            // Joined already, or it cannot be: then nothing comes back on that path, which is what is told.
          }
        }
      } catch (thrown) {
        error ??= (thrown as NodeJS.ErrnoException).code ?? messageOf(thrown)
      }
    }
    return { port, ...(error !== undefined && { error }) }
  }
  return Promise.all(ports.map(open))
}
