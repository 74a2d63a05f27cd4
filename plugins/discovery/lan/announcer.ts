/**
 * Says who this node is and where it listens, on every link: at once when there is something new to say, and then in the
 * rhythm that the config asks for, until it says farewell.
 */
import type { IdentifierPacket, PluginContext, Wire } from '../../../core/index.ts'
import { composeAnnouncement, farewell, shortened, toDatagram } from './announcement.ts'
import { isOnLink, linkKey } from '../shared/links.ts'
import { Pulse, type PulseOptions } from './pulse.ts'
import { sendAddresses, type Ways } from './sockets.ts'
import type { Source, Voice, Voices } from './voices.ts'

/**
 * How long an announcement is said again as it is, in ms: the copies of a burst, and what answers somebody meanwhile, are
 * the same bytes, which costs a receiver no second look.
 */
const freshMs = 1500

export interface AnnouncerServices extends PulseOptions {
  readonly ctx: PluginContext
  readonly wire: Wire
  readonly voices: Voices
  readonly ways: Ways
}

interface Announcement {
  readonly packet: IdentifierPacket
  readonly bytes: Uint8Array
  /** Milliseconds since 1970. */
  readonly madeAt: number
}

export class Announcer {
  readonly #services: AnnouncerServices
  readonly #pulse: Pulse
  readonly #ports: readonly number[]
  /** By the socket's port and address, since a voice gets another link now and then. */
  readonly #made = new WeakMap<Voice['socket'], Announcement>()
  /** Keys of links where nobody could dial this node, so that each is told once. */
  readonly #mute = new Set<string>()
  /** Which of the designated ports is the one that a node with company announces to. */
  #turn: number

  constructor(services: AnnouncerServices) {
    this.#services = services
    this.#pulse = new Pulse(services.ctx, services, (isOver) => this.#say(isOver))
    this.#ports = services.ctx.settings.designatedPorts
    this.#turn = Math.floor(services.ctx.random.next() * this.#ports.length)
  }

  /** Begins anew: there is something to say that was not said before. A node that nobody can dial says nothing. */
  begin(): void {
    const { network } = this.#services.ctx
    this.#pulse.end()
    for (const { socket } of this.#services.voices) this.#made.delete(socket)
    if (network.listening.length > 0 && network.identifier !== '') this.#pulse.begin()
  }

  companyChanged(): void {
    this.#pulse.companyChanged()
  }

  /** The next designated port becomes the one that a node with company announces to. */
  rotate(): void {
    this.#turn = (this.#turn + 1) % this.#ports.length
  }

  /**
   * One announcement for one who has just spoken, to the socket it spoke from. Never longer than what it answers: this
   * node must not help anybody who speaks in another's name to send more than they could by themselves.
   */
  async answer(to: Source, room: number): Promise<void> {
    const { ctx, wire, voices } = this.#services
    const voice = [...voices].find(({ link }) => isOnLink(to.address, link))
    const made = voice && (await this.#announcement(voice))
    if (voice === undefined || made === undefined) return
    const fits = (bytes: Uint8Array | undefined) => bytes !== undefined && bytes.length <= room
    const bytes = fits(made.bytes) ? made.bytes : toDatagram(ctx, wire, shortened(made.packet, voice))
    if (bytes !== undefined && fits(bytes)) await this.#send(voice, bytes, to.port, to.address)
  }

  /** Says once that this node leaves, to whom it has said that it is here, and then nothing more. */
  async leave(): Promise<void> {
    const { ctx, wire, voices } = this.#services
    this.end()
    const sent = [...voices].flatMap((voice) => {
      const made = this.#made.get(voice.socket)
      const bytes = made && toDatagram(ctx, wire, farewell(made.packet, ctx.clock.now()))
      return bytes === undefined ? [] : this.#broadcast(voice, bytes, this.#allPorts())
    })
    await Promise.all(sent)
  }

  /** Says nothing more, and no farewell. */
  end(): void {
    this.#pulse.end()
  }

  async #say(isOver: () => boolean): Promise<void> {
    const voices = [...this.#services.voices]
    const made = await Promise.all(voices.map((voice) => this.#announcement(voice)))
    if (isOver() || this.#services.ctx.network.listening.length === 0) return
    // All nodes listen on all ports that they can get, so one port is enough for those who are here already; whoever
    // comes speaks on all of them first. The original has one port in use, too.
    const isForAll = this.#pulse.elapsed < freshMs || this.#pulse.isAlone
    const ports = isForAll ? this.#allPorts() : this.#allPorts().slice(0, 1)
    for (const [i, voice] of voices.entries()) {
      const bytes = made[i]?.bytes
      if (bytes !== undefined) void this.#broadcast(voice, bytes, ports)
    }
  }

  async #announcement(voice: Voice): Promise<Announcement | undefined> {
    const { ctx, wire } = this.#services
    const madeAt = ctx.clock.now()
    const last = this.#made.get(voice.socket)
    if (last !== undefined && madeAt - last.madeAt < freshMs) return last
    const packet = await composeAnnouncement(ctx, voice)
    if (packet === undefined) this.#tellMute(voice)
    const bytes = packet && toDatagram(ctx, wire, packet)
    if (packet === undefined || bytes === undefined) return undefined
    const made = { packet, bytes, madeAt }
    this.#made.set(voice.socket, made)
    return made
  }

  #tellMute({ link }: Voice): void {
    const { log, network } = this.#services.ctx
    const key = linkKey(link)
    if (network.listening.length === 0 || this.#mute.has(key)) return
    this.#mute.add(key)
    log.info('nobody on this link could dial what the node listens on, so nothing is announced there', {
      interface: link.name,
      address: link.address,
      listening: network.listening[0]?.host,
    })
  }

  #broadcast(voice: Voice, bytes: Uint8Array, ports: readonly number[]): Promise<void>[] {
    return sendAddresses(voice.link, this.#services.ways).flatMap((address) =>
      ports.map((port) => this.#send(voice, bytes, port, address)),
    )
  }

  /** Resolves when the datagram has left, or has not. */
  #send({ socket }: Voice, bytes: Uint8Array, port: number, address: string): Promise<void> {
    const { log, signal } = this.#services.ctx
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      try {
        socket.send(bytes, port, address, (error) => {
          if (error) log.debug('an announcement did not leave', { address, port, error: error.message })
          resolve()
        })
      } catch {
        resolve() // the link has gone meanwhile, and its socket with it
      }
    })
  }

  #allPorts(): number[] {
    return [...this.#ports.slice(this.#turn), ...this.#ports.slice(0, this.#turn)]
  }
}
