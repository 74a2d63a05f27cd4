/** The sockets that a node speaks with: one a link, each on a port of its own. They follow the links as these come and go. */
import type { Socket } from 'node:dgram'
import { messageOf, type PluginContext } from '../../../core/index.ts'
import { linkKey, sourceOn, type Link } from '../shared/links.ts'
import { openExclusive, sendAddresses, type Ways } from './sockets.ts'

/** Where a datagram came from. */
export interface Source {
  readonly address: string
  readonly port: number
}

export type Heard = (datagram: Uint8Array, source: Source) => void

export interface Voice {
  readonly link: Link
  /** What the socket is bound to. */
  readonly address: string
  readonly port: number
  readonly socket: Socket
}

export class Voices implements Iterable<Voice> {
  readonly #ctx: PluginContext
  readonly #ways: Ways
  readonly #heard: Heard
  /** By the key of the link. */
  readonly #voices = new Map<string, Voice>()
  /** Links that take none, so that each is told once. */
  readonly #refused = new Set<string>()

  /** `heard`: what is sent to this node alone. */
  constructor(ctx: PluginContext, ways: Ways, heard: Heard) {
    this.#ctx = ctx
    this.#ways = ways
    this.#heard = heard
  }

  *[Symbol.iterator](): Iterator<Voice> {
    yield* this.#voices.values()
  }

  /** There is no link left that should have a socket and has none. */
  get areComplete(): boolean {
    return this.#refused.size === 0
  }

  isOwn({ address, port }: Source): boolean {
    for (const voice of this.#voices.values()) if (voice.port === port && voice.address === address) return true
    return false
  }

  /** Speaks on these links and no others. True: on one that it did not speak on before. */
  async follow(links: readonly Link[]): Promise<boolean> {
    if (this.#ctx.signal.aborted) return false
    const audible = links.filter((link) => sendAddresses(link, this.#ways).length > 0)
    const keys = new Set(audible.map(linkKey))
    for (const [key, { socket }] of this.#voices) {
      if (keys.has(key)) continue
      this.#voices.delete(key)
      socket.close()
    }
    for (const key of this.#refused) if (!keys.has(key)) this.#refused.delete(key)
    const opened = await Promise.all(audible.map((link) => this.#open(link)))
    return opened.includes(true)
  }

  async #open(link: Link): Promise<boolean> {
    const { log, settings, signal } = this.#ctx
    const { platform } = this.#ways
    const key = linkKey(link)
    const present = this.#voices.get(key)
    if (present !== undefined) {
      this.#voices.set(key, { ...present, link }) // the interface may have other addresses by now
      return false
    }
    const address = sourceOn(link, settings.host, platform)
    try {
      const socket = await openExclusive(this.#ctx, link, settings.host, platform)
      if (signal.aborted) return false
      socket.on('message', this.#heard)
      this.#voices.set(key, { link, address, port: socket.address().port, socket })
      this.#refused.delete(key)
      return true
    } catch (error) {
      // A new IPv6 address cannot be bound before the system has made sure that nobody else has it (RFC 4862), which
      // takes it a second or two.
      const level = (error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL' ? 'debug' : 'warn'
      if (!this.#refused.has(key) && !signal.aborted)
        log[level]('cannot announce on an interface', { interface: link.name, address, error: messageOf(error) })
      this.#refused.add(key)
      return false
    }
  }
}
