/**
 * From a datagram to a candidate. Anybody can send one, so every step is cheaper than the one after it: length and
 * source first, then the rates, and only then is anything parsed. What comes out is hearsay: who somebody is gets
 * settled on a channel.
 */
import type { IdentifierPacket, PluginContext, Wire } from '../../../core/index.ts'
import { Lru } from '../shared/lru.ts'
import { isInquiry, maxDatagram, packetIn } from './announcement.ts'
import { isOnLink, type Link } from '../shared/links.ts'
import { SourceLimit, sources, type Rate } from '../shared/source-limit.ts'
import { hostToDial } from './reach.ts'
import { Tally } from './tally.ts'
import type { Source } from './voices.ts'

export interface IntakeServices {
  readonly ctx: PluginContext
  readonly wire: Wire
  /** As they are now. */
  readonly links: () => readonly Link[]
  readonly perSource: Rate
  /** Is it one of the sockets that this node sends from? */
  readonly isOwn: (source: Source) => boolean
}

/** What came of a datagram: nothing to do, or somebody new has spoken to all and may be answered. */
export type Outcome = 'done' | 'answer'

export class Intake {
  readonly #services: IntakeServices
  readonly #limit: SourceLimit
  readonly #tally: Tally
  /** By endpoint, what was parsed last: the copies of an announcement need no second look. */
  readonly #last = new Lru<Uint8Array>(sources)
  /** By identifier, the endpoint it was heard from last. */
  readonly #known = new Lru<string>(sources)

  constructor(services: IntakeServices) {
    this.#services = services
    this.#limit = new SourceLimit(services.perSource)
    this.#tally = new Tally(services.ctx.clock, services.ctx.log)
  }

  /** `to`: whom it was sent to. */
  take(datagram: Uint8Array, source: Source, to: 'everybody' | 'me'): Outcome {
    if (datagram.length > maxDatagram) return this.#drop('too long')
    const { ctx, wire } = this.#services
    const now = ctx.clock.now()
    if (this.#limit.isSpent(source.address, now)) return this.#drop('rate')
    if (this.#services.isOwn(source)) return 'done' // every broadcast comes back to its sender
    const endpoint = `${source.address}:${String(source.port)}`
    const last = this.#last.get(endpoint)
    if (last !== undefined && Buffer.compare(last, datagram) === 0) return 'done'
    if (!this.#services.links().some((link) => isOnLink(source.address, link))) return this.#drop('not on a link')
    if (!this.#limit.admits(source.address, now)) return this.#drop('rate')
    this.#last.set(endpoint, datagram)
    const packet = packetIn(datagram, wire, ctx.packets)
    if (packet === undefined) return this.#drop('no Identifier')
    if (isInquiry(packet)) return to === 'everybody' ? 'answer' : 'done'
    const unwanted = this.#objectionToPacket(packet)
    if (unwanted !== undefined) return this.#drop(unwanted)
    return packet.data === 0 ? this.#leaving(packet, endpoint) : this.#tell(packet, source, endpoint, to)
  }

  #objectionToPacket({ sourceOriginIdentifier, network }: IdentifierPacket): string | undefined {
    const own = this.#services.ctx.network
    if (sourceOriginIdentifier !== undefined && sourceOriginIdentifier === own.identifier) return 'own'
    // The C# original has no name of a network in its packets.
    return network !== undefined && network !== own.name ? 'other network' : undefined
  }

  /**
   * A farewell. Anybody on the LAN can send one in anybody's name, so all it does is to have whoever comes back under
   * that name answered like a stranger. That somebody is gone is for their channels to tell.
   */
  #leaving({ sourceOriginIdentifier: identifier }: IdentifierPacket, endpoint: string): Outcome {
    if (identifier !== undefined && this.#known.get(identifier) === endpoint) this.#known.delete(identifier)
    return this.#drop('not listening')
  }

  #tell(
    { sourceOriginIdentifier: identifier, data: port, ip }: IdentifierPacket,
    source: Source,
    endpoint: string,
    to: 'everybody' | 'me',
  ): Outcome {
    const { network } = this.#services.ctx
    const isNew = identifier !== undefined && this.#known.get(identifier) === undefined
    const scheme = network.listening[0]?.scheme
    const refusal = network.candidate({
      host: hostToDial(ip, source.address, this.#services.links()),
      port,
      via: 'discovery-lan',
      ...(identifier !== undefined && { identifier }),
      ...(scheme !== undefined && { scheme }),
    })
    if (refusal !== undefined) return this.#drop('refused')
    if (identifier !== undefined) this.#known.set(identifier, endpoint)
    // An answer is not answered: who answers knows this node already.
    return isNew && to === 'everybody' ? 'answer' : 'done'
  }

  #drop(reason: string): Outcome {
    this.#tally.note(reason)
    return 'done'
  }
}
