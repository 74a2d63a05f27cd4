/**
 * The sockets that a node hears announcements with, on the designated ports: some for IPv4, one for IPv6, each a member
 * of the group on every link. They are opened when there is a link to hear on, and follow the links from then on.
 */
import type { Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { messageOf, P2PNetError, type PluginContext } from '../../../core/index.ts'
import type { Link } from '../shared/links.ts'
import { multicastInterface, openShared, receiveAddresses, type Ways } from './sockets.ts'
import type { Heard } from './voices.ts'

interface Ear {
  readonly socket: Socket
  readonly group: string
  /** Names of the interfaces it is a member on, and how it was told of them. */
  readonly joined: Map<string, string>
}

export interface EarOptions {
  readonly ways: Ways
  /** Nothing but loopback is wanted. */
  readonly only: 'loopback' | undefined
}

export class Ears {
  readonly #ctx: PluginContext
  readonly #options: EarOptions
  readonly #heard: Heard
  /** By address and port. */
  readonly #ears = new Map<string, Ear>()
  #isComplete = false
  /** What has been complained of, so that it is told once. */
  readonly #told = new Set<string>()

  constructor(ctx: PluginContext, options: EarOptions, heard: Heard) {
    this.#ctx = ctx
    this.#options = options
    this.#heard = heard
  }

  /** Nothing was refused when it was followed last. */
  get areComplete(): boolean {
    return this.#isComplete
  }

  /**
   * Hears on these links. One port is enough to be found, so only none at all is an error.
   * @throws P2PNetError E_LAN_PORTS
   */
  async follow(links: readonly Link[]): Promise<void> {
    const { ways, only } = this.#options
    const wanted: string[] = []
    if (links.some(({ family }) => family === 'IPv4')) wanted.push(...receiveAddresses(ways, only))
    if (links.some(({ family }) => family === 'IPv6') && ways.methods.includes('multicast')) wanted.push('::')
    const refusals: string[] = []
    for (const address of wanted)
      for (const port of this.#ctx.settings.designatedPorts) refusals.push(...(await this.#open(address, port)))
    const joined = ways.methods.includes('multicast')
      ? [...this.#ears.values()].map((ear) => this.#join(ear, links))
      : []
    this.#isComplete = refusals.length === 0 && !joined.includes(false)
    if (this.#ears.size > 0 || refusals.length === 0) return
    const ports = this.#ctx.settings.designatedPorts.join(', ')
    throw new P2PNetError('E_LAN_PORTS', `none of the UDP ports ${ports} can be listened on: ${refusals.join('; ')}`)
  }

  async #open(address: string, port: number): Promise<string[]> {
    const { log, signal } = this.#ctx
    const key = `${address} ${String(port)}`
    if (this.#ears.has(key) || signal.aborted) return []
    try {
      const socket = await openShared(this.#ctx, address, port)
      if (signal.aborted) return []
      socket.on('message', this.#heard)
      const { ipv4, ipv6 } = this.#options.ways.group
      this.#ears.set(key, { socket, group: isIPv6(address) ? ipv6 : ipv4, joined: new Map() })
      return []
    } catch (error) {
      const refusal = messageOf(error)
      if (signal.aborted) return []
      this.#complain(key, () => {
        log.warn('cannot listen on a designated port', { address, port, error: refusal })
      })
      return [refusal]
    }
  }

  /** False: not on all. */
  #join({ socket, group, joined }: Ear, links: readonly Link[]): boolean {
    let isComplete = true
    const family = isIPv6(group) ? 'IPv6' : 'IPv4'
    const present = new Map(
      links
        .filter((link) => link.family === family)
        .map((link) => [link.name, multicastInterface(link, this.#options.ways.platform)]),
    )
    for (const [name, by] of joined) {
      if (present.has(name)) continue
      joined.delete(name)
      try {
        socket.dropMembership(group, by)
      } catch {
        // The interface is gone, and the membership with it.
      }
    }
    for (const [name, by] of present) {
      if (joined.get(name) === by) continue
      try {
        socket.addMembership(group, by)
        joined.set(name, by)
      } catch (error) {
        // Membership is by interface, whichever of its addresses names it.
        if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') joined.set(name, by)
        else {
          isComplete = false
          this.#complain(`${group} ${name}`, () => {
            this.#ctx.log.warn('cannot listen to a group', { interface: name, group, error: messageOf(error) })
          })
        }
      }
    }
    return isComplete
  }

  #complain(about: string, say: () => void): void {
    if (this.#told.has(about)) return
    this.#told.add(about)
    say()
  }
}
