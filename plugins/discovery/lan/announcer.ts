/**
 * Says who this node is and where it listens: a burst when there is something new to say, then now and then. One socket
 * a link, bound to the address that others are to dial.
 */
import type { Socket } from 'node:dgram'
import { messageOf, sleep, type PluginContext, type Wire } from '../../../core/index.ts'
import { composeAnnouncement, shortened, toDatagram } from './announcement.ts'
import type { Source } from './intake.ts'
import { isOnLink, sourceOn, type Link } from './links.ts'
import { openExclusive, sendAddresses } from './sockets.ts'

export interface Rhythm {
  /** ms between two announcements while a peer is connected, give or take a fifth. */
  readonly announceMs: number
  /** The same while there is none. */
  readonly aloneMs: number
}

/** Between the copies of the first announcement, in ms: a lost one costs a moment and not an interval. */
const burstGaps = [250, 250, 500] as const

interface Voice {
  readonly link: Link
  /** What the socket is bound to. */
  readonly address: string
  readonly port: number
  readonly socket: Socket
}

interface Announcement {
  readonly voice: Voice
  readonly bytes: Uint8Array
}

export class Announcer {
  readonly #ctx: PluginContext
  readonly #wire: Wire
  readonly #rhythm: Rhythm
  readonly #ports: readonly number[]
  readonly #platform: NodeJS.Platform
  #voices: readonly Voice[] = []
  /** Which of the designated ports is the one that a node with company announces to. */
  #turn: number
  #round = new AbortController()

  constructor(ctx: PluginContext, wire: Wire, rhythm: Rhythm, platform: NodeJS.Platform) {
    this.#ctx = ctx
    this.#wire = wire
    this.#rhythm = rhythm
    this.#platform = platform
    this.#ports = ctx.settings.designatedPorts
    this.#turn = Math.floor(ctx.random.next() * this.#ports.length)
  }

  /** Opens a socket on every link that takes one. What is sent to it is handed to `heard`. */
  async open(links: readonly Link[], heard: (datagram: Uint8Array, source: Source) => void): Promise<void> {
    const { log, settings } = this.#ctx
    const open = async (link: Link): Promise<Voice | undefined> => {
      const address = sourceOn(link, settings.host)
      try {
        const socket = await openExclusive(this.#ctx, address)
        socket.on('message', heard)
        return { link, address, port: socket.address().port, socket }
      } catch (error) {
        log.warn('cannot announce on an interface', { interface: link.name, address, error: messageOf(error) })
        return undefined
      }
    }
    this.#voices = (await Promise.all(links.map(open))).filter((voice) => voice !== undefined)
  }

  isOwn({ address, port }: Source): boolean {
    return this.#voices.some((voice) => voice.port === port && voice.address === address)
  }

  /** Begins anew: there is something to say that was not said before. A node that nobody can dial says nothing. */
  begin(): void {
    this.#round.abort()
    if (this.#ctx.network.listening.length === 0 || this.#ctx.network.identifier === '') return
    this.#round = new AbortController()
    const round = AbortSignal.any([this.#round.signal, this.#ctx.signal])
    this.#run(round).catch((error: unknown) => {
      if (!round.aborted) this.#ctx.log.error('announcing ended', { error: messageOf(error) })
    })
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
    const voice = this.#voices.find(({ link }) => isOnLink(to.address, link))
    const packet = voice && (await composeAnnouncement(this.#ctx, voice.link, voice.address))
    if (voice === undefined || packet === undefined) return
    for (const version of [packet, shortened(packet)]) {
      const bytes = toDatagram(this.#ctx, this.#wire, version)
      if (bytes === undefined || bytes.length > room) continue
      this.#send(voice, bytes, to.port, to.address)
      return
    }
  }

  async #run(round: AbortSignal): Promise<void> {
    const { clock } = this.#ctx
    const { announceMs, aloneMs } = this.#rhythm
    const first = await this.#announcements()
    for (const gap of burstGaps) {
      this.#broadcast(first, this.#allPorts(), round)
      await sleep(clock, this.#jitter(gap), round)
    }
    this.#broadcast(first, this.#allPorts(), round)

    let due = clock.now() + this.#jitter(announceMs)
    for (;;) {
      await sleep(clock, Math.min(this.#jitter(aloneMs), Math.max(0, due - clock.now())), round)
      const alone = this.#isAlone()
      if (!alone && clock.now() < due) continue
      due = clock.now() + this.#jitter(announceMs)
      // All nodes listen on all ports that they can get, so one port is enough for those who are here already; whoever
      // comes speaks on all of them first. The original has one port in use, too.
      this.#broadcast(await this.#announcements(), alone ? this.#allPorts() : this.#allPorts().slice(0, 1), round)
    }
  }

  async #announcements(): Promise<Announcement[]> {
    const made = this.#voices.map(async (voice) => {
      const packet = await composeAnnouncement(this.#ctx, voice.link, voice.address)
      const bytes = packet && toDatagram(this.#ctx, this.#wire, packet)
      return bytes && { voice, bytes }
    })
    return (await Promise.all(made)).filter((announcement) => announcement !== undefined)
  }

  #broadcast(announcements: readonly Announcement[], ports: readonly number[], round: AbortSignal): void {
    if (round.aborted) return
    for (const { voice, bytes } of announcements)
      for (const address of sendAddresses(voice.link, this.#platform))
        for (const port of ports) this.#send(voice, bytes, port, address)
  }

  #send({ socket }: Voice, bytes: Uint8Array, port: number, address: string): void {
    if (this.#ctx.signal.aborted) return
    socket.send(bytes, port, address, (error) => {
      if (error) this.#ctx.log.debug('an announcement did not leave', { address, port, error: error.message })
    })
  }

  #allPorts(): number[] {
    return [...this.#ports.slice(this.#turn), ...this.#ports.slice(0, this.#turn)]
  }

  #isAlone(): boolean {
    for (const _channel of this.#ctx.network.channels) return false
    return true
  }

  /** Give or take a fifth, so that nodes that start together do not go on speaking together. */
  #jitter(ms: number): number {
    return ms * (0.8 + 0.4 * this.#ctx.random.next())
  }
}
