/**
 * Examines the LAN as a node would use it: asks on every path of every interface who is there, listens on the designated
 * ports, and writes down what left, what came back and from whom. Every path has a socket of its own, so that an answer
 * tells which of them works.
 */
import { messageOf, sleep, systemClock, type NodeOnPaper } from '../../../../core/index.ts'
import type { ResolvedDiscoveryLanOptions } from '../../../../schemas/generated/discovery-lan.ts'
import { datagramOf, inquiry, maxDatagram, packetIn } from '../announcement.ts'
import { groupsOf } from '../groups.ts'
import { chooseLinks, sourceOn, wantedLinks, type Link } from '../../shared/links.ts'
import { reachedAt } from '../reach.ts'
import { openExclusive, sendAddresses, type Method, type Ways } from '../sockets.ts'
import type { Source } from '../voices.ts'
import type { Answer, Facts, PathFacts, PortFacts, UnicastFacts } from './facts.ts'
import { openPorts } from './hearing.ts'
import { interfaceFacts } from './interface-facts.ts'
import { Post } from './post.ts'
import { Witnesses } from './witnesses.ts'

export interface Examination {
  readonly node: NodeOnPaper
  readonly options: ResolvedDiscoveryLanOptions
  /** Of the node that runs here. */
  readonly ownIdentifier: string | undefined
  /** A host to ask by itself: an IP address. */
  readonly to: string | undefined
  /** How long to listen. */
  readonly ms: number
}

export async function examine(examination: Examination): Promise<Facts> {
  const { node, options, ownIdentifier, to, ms } = examination
  const { settings, interfaces } = node
  const post = new Post()
  const room = new ConsultingRoom(node, options, post, new Witnesses(ownIdentifier))
  const wanted = wantedLinks(options.interfaces, settings.host)
  // Where nobody could dial what the node listens on, the node says nothing, and neither is anything asked.
  const links = chooseLinks(interfaces, wanted).filter(
    (link) => reachedAt(settings.host, sourceOn(link, settings.host, process.platform), link) !== undefined,
  )
  try {
    const ports = await room.listen(links)
    const [paths, unicast] = await Promise.all([
      Promise.all(links.map(async (link) => [link, await room.askOn(link)] as const)),
      to === undefined ? undefined : room.askHost(to, ms),
      sleep(systemClock, ms),
    ])
    return {
      network: settings.name,
      host: settings.host,
      ports,
      interfaces: await interfaceFacts(
        interfaces,
        wanted,
        new Map(paths.map(([link, findings]) => [link, findings.map((finding) => finding())])),
      ),
      ...(unicast !== undefined && { unicast: unicast() }),
      heard: room.witnesses.heard,
      unreadable: room.witnesses.unreadable,
    }
  } finally {
    post.close()
  }
}

/** Of one path: anybody can make up more. */
const mostAnswers = 256

/** What a path has come to, asked at the end. */
type Finding<T> = () => T

class ConsultingRoom {
  readonly witnesses: Witnesses
  readonly #node: NodeOnPaper
  readonly #ways: Ways
  readonly #post: Post
  /** Sockets of this examination by where they are bound, and what they have brought. */
  readonly #own = new Map<string, { heardItself: boolean; answers: Answer[] }>()

  constructor(node: NodeOnPaper, { methods, group }: ResolvedDiscoveryLanOptions, post: Post, witnesses: Witnesses) {
    this.#node = node
    this.#ways = { methods, group: groupsOf(group), platform: process.platform }
    this.#post = post
    this.witnesses = witnesses
  }

  listen(links: readonly Link[]): Promise<PortFacts[]> {
    return openPorts(this.#post.opener, this.#ways, this.#node.settings.designatedPorts, links, (datagram, source) => {
      // Something on a designated port: our own question that came back, or what nodes say of themselves.
      const own = this.#own.get(place(source))
      if (own === undefined) this.#answered(datagram, source, undefined)
      else own.heardItself = true
    })
  }

  askOn(link: Link): Promise<Finding<PathFacts>[]> {
    const asked = this.#ways.methods.flatMap((path) => {
      const [to] = sendAddresses(link, { ...this.#ways, methods: [path] })
      return to === undefined ? [] : [this.#ask(link, path, to)]
    })
    return Promise.all(asked)
  }

  async askHost(to: string, ms: number): Promise<Finding<UnicastFacts>> {
    const ports = this.#node.settings.designatedPorts
    const socket = this.#post.opener.net.createSocket({ type: to.includes(':') ? 'udp6' : 'udp4' })
    const answers: Answer[] = []
    socket.on('message', (datagram: Uint8Array, source: Source) => {
      this.#answered(datagram, source, answers)
    })
    const question = () => this.#question()
    const refused: number[] = []
    const [{ sent, errors }] = await Promise.all([
      this.#post.ask(socket, to, ports, question),
      ...ports.map(async (port) => {
        // Not to the end, so that what is on its way when the sockets close is little.
        if (await this.#post.isRefused(to, port, question, ms * 0.8)) refused.push(port)
      }),
    ])
    return () => ({ to, sent, errors, refused: refused.sort((a, b) => a - b), answers })
  }

  async #ask(link: Link, path: Method, to: string): Promise<Finding<PathFacts>> {
    const { settings } = this.#node
    const facts = { path, family: link.family, to } as const
    try {
      const socket = await openExclusive(this.#post.opener, link, settings.host, this.#ways.platform)
      const found = { heardItself: false, answers: [] as Answer[] }
      this.#own.set(place(socket.address()), found)
      socket.on('message', (datagram: Uint8Array, source: Source) => {
        this.#answered(datagram, source, found.answers)
      })
      const { sent, errors } = await this.#post.ask(socket, to, settings.designatedPorts, () => this.#question())
      return () => ({ ...facts, sent, errors, ...found })
    } catch (error) {
      const errors = [(error as NodeJS.ErrnoException).code ?? messageOf(error)]
      return () => ({ ...facts, sent: 0, errors, heardItself: false, answers: [] })
    }
  }

  #answered(datagram: Uint8Array, source: Source, answers: Answer[] | undefined): void {
    const packet =
      datagram.length > maxDatagram ? undefined : packetIn(datagram, this.#node.use('wire'), this.#node.packets)
    if (packet === undefined) {
      this.witnesses.noteUnreadable(source)
      return
    }
    this.witnesses.note(packet, source, answers !== undefined, systemClock.now())
    const { address, port } = source
    if (answers !== undefined && answers.length >= mostAnswers) return
    if (answers?.some((each) => each.address === address && each.port === port) === false)
      answers.push({ address, port })
  }

  #question(): Uint8Array {
    return datagramOf(this.#node.use('wire'), inquiry(systemClock.now()))
  }
}

/** Without a zone, which some say and some do not. */
const place = ({ address, port }: Source): string => `${address.split('%')[0] ?? ''} ${String(port)}`
