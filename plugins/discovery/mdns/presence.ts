/** A node on all its links. They are looked at again and again: interfaces come and go. */
import { messageOf, P2PNetError, type PluginContext } from '../../../core/index.ts'
import type { ResolvedDiscoveryMdnsOptions } from '../../../schemas/generated/discovery-mdns.ts'
import { InterfacesWatch } from '../shared/interfaces-watch.ts'
import { linkKey, wantedLinks, type Link, type Link4, type Wanted } from '../shared/links.ts'
import { Hearing } from './hearing.ts'
import { openMulticast } from './multicast.ts'
import { Responder } from './responder.ts'

export class Presence {
  readonly #ctx: PluginContext
  readonly #options: ResolvedDiscoveryMdnsOptions
  /** By interface and address. */
  readonly #responders = new Map<string, Responder>()
  /** Why a link could not be opened; said once. */
  readonly #refusals = new Map<string, string>()
  readonly #wanted: Wanted
  readonly #watch: InterfacesWatch

  constructor(ctx: PluginContext, options: ResolvedDiscoveryMdnsOptions) {
    this.#ctx = ctx
    this.#options = options
    this.#wanted = wantedLinks(options.interfaces, ctx.settings.host)
    this.#watch = new InterfacesWatch(ctx, this.#wanted)
  }

  /** @throws P2PNetError E_MDNS_SOCKET if there are links and none can be opened */
  async open(): Promise<void> {
    this.#watch.look()
    await this.#follow()
    if (this.#responders.size === 0 && this.#refusals.size > 0)
      throw new P2PNetError(
        'E_MDNS_SOCKET',
        `mDNS can be spoken on no interface: ${[...this.#refusals.values()].join('; ')}`,
      )
    if (this.#responders.size === 0) this.#ctx.log.warn('no interface for mDNS', { wanted: this.#wanted })
    this.#watch.follow(() => this.#follow())
  }

  /** There is something to say that was not said before. */
  begin(): void {
    for (const responder of this.#responders.values()) void responder.begin()
  }

  /** Says goodbye everywhere. */
  async leave(): Promise<void> {
    const responders = [...this.#responders.values()]
    for (const responder of responders) responder.end()
    await Promise.all(responders.map((responder) => responder.withdraw()))
  }

  async #follow(): Promise<void> {
    const links = new Map(this.#watch.links.filter(isIPv4Link).map((link) => [linkKey(link), link]))
    for (const [key, responder] of this.#responders) {
      if (links.has(key)) continue
      responder.close()
      this.#responders.delete(key)
    }
    for (const key of this.#refusals.keys()) if (!links.has(key)) this.#refusals.delete(key)
    for (const [key, link] of links) if (!this.#responders.has(key)) await this.#openLink(key, link)
  }

  /** A link that cannot be opened does not keep the node from the others; it is tried again. */
  async #openLink(key: string, link: Link4): Promise<void> {
    const { signal, log } = this.#ctx
    try {
      const socket = await openMulticast(this.#ctx, link)
      if (signal.aborted) return
      const { browseMs, perSourceBurst: burst, perSourcePerSecond: perSecond } = this.#options
      const responder = new Responder(this.#ctx, link, socket, browseMs)
      const hearing = new Hearing(this.#ctx, link, { burst, perSecond })
      socket.on('message', (message, source) => {
        const packet = hearing.read(message, source)
        if (packet?.type === 'query') responder.hear(packet)
        else if (packet !== undefined)
          for (const candidate of hearing.candidates(packet, source)) this.#ctx.network.candidate(candidate)
      })
      this.#responders.set(key, responder)
      this.#refusals.delete(key)
      void responder.begin()
    } catch (error) {
      const reason = `${link.name}: ${messageOf(error)}`
      if (!this.#refusals.has(key)) log.warn('cannot speak mDNS on an interface', { reason })
      this.#refusals.set(key, reason)
    }
  }
}

const isIPv4Link = (link: Link): link is Link4 => link.family === 'IPv4'
