/**
 * The door: what a connection has to pass before it is a channel. The kernel's limits first, then the operator's lists,
 * then trust.connection, then the queue of incoming peers where the policy has one. Whoever is refused is told why.
 */
import type { Clock } from '../clock.ts'
import { P2PNetError } from '../errors.ts'
import type { Placement } from './inbound-queue.ts'
import type { InboundQueue } from './inbound-queue.ts'
import type { Limits } from '../settings.ts'
import type { AccessLists } from '../trust/access-lists.ts'
import type { Bans } from '../trust/bans.ts'
import type { Refusal } from '../trust/refusal.ts'
import type { ConnectionInfo } from '../hooks.ts'
import { addressGroup } from './address-group.ts'
import { Census } from './census.ts'
import type { PeerChannel } from './channel.ts'
import type { Channels } from './channels.ts'
import { Courtesy } from './courtesy.ts'
import { HandshakePlaces, type HandshakePlace } from './handshake-places.ts'
import type { Connection } from './transport.ts'

/** How long a refused connection may take to hear why. */
const refusalMs = 1000
/** Refused connections that are being told so at once; more are cut without a word. */
export const refusalsAtOnce = 32

export interface DoorwayServices {
  readonly clock: Clock
  readonly limits: Limits
  readonly lists: AccessLists
  readonly bans: Bans
  readonly channels: Channels
  readonly queue: InboundQueue
  readonly placement: () => Placement | undefined
  /** trust.connection, with the plugin that refused. */
  ask(info: ConnectionInfo): Refusal | undefined
  refused(error: Refusal, address: string, hook: string): void
  /** The bytes of a goodbye. */
  farewell(reason: P2PNetError): Uint8Array | undefined
}

export class Doorway {
  readonly #services: DoorwayServices
  /** Who waits in the queue or is being dialled counts against the limits too. */
  readonly #reserved = new Census()
  #telling = 0
  readonly #courtesy: Courtesy
  readonly #places = new HandshakePlaces()

  constructor(services: DoorwayServices) {
    this.#services = services
    this.#courtesy = new Courtesy(services.clock)
  }

  /** Before a costly handshake, for a transport to ask; knock() asks again after it. Undefined: the ledger says why. */
  admit(address: string, port: number, giveUp?: () => void): (() => void) | undefined {
    const info = { address, port, inbound: true }
    const objection = this.#objection(info)
    if (objection !== undefined) {
      const courtesy = this.#courtesy.begin()
      if (courtesy === undefined) this.#no(objection, info)
      return courtesy
    }
    const releases = [this.reserve(info), this.#places.take(address, giveUp)]
    return () => {
      for (const release of releases) release()
    }
  }

  /** Somebody connects. `enter` is called if and when they may come in. */
  knock(connection: Connection, address: string, port: number, enter: () => void): void {
    const refusal = this.check({ address, port, inbound: true })
    if (refusal !== undefined) {
      this.#turnAway(connection, refusal)
      return
    }
    const placement = this.#services.placement()
    if (placement === undefined) {
      enter()
      return
    }
    const release = this.reserve({ address, port, inbound: true })
    const ignore = () => undefined
    const gone = () => {
      release()
      withdraw()
    }
    const settle = () => {
      release()
      connection.off('close', gone)
    }
    connection.on('error', ignore)
    connection.once('close', gone)
    const withdraw = this.#services.queue.place(
      placement,
      { address, port },
      {
        accepted: () => {
          settle()
          connection.off('error', ignore)
          if (!connection.destroyed) enter()
        },
        refused: (reason) => {
          settle()
          this.#services.refused({ code: reason.code, reason: reason.message }, address, 'peers.placement')
          this.#turnAway(connection, reason)
        },
      },
    )
  }

  /** Counts somebody against the limits until the place is given back. */
  reserve(info: ConnectionInfo): () => void {
    this.#reserved.add(info)
    let isGiven = true
    return () => {
      if (isGiven) this.#reserved.remove(info)
      isGiven = false
    }
  }

  /** Whose handshake begins takes a place, and may lose it to a newcomer. Returns how to give it back. */
  shake(channel: PeerChannel, connection: Connection): () => void {
    return this.#places.take(channel.peer.address, () => {
      const isTold = this.#mayTell(connection)
      void channel.close(putOut)
      if (!isTold) connection.destroy()
    })
  }

  /** The answer for somebody at this address; a refusal stands in the ledger. */
  check(info: ConnectionInfo): P2PNetError | undefined {
    const objection = this.#objection(info)
    return objection === undefined ? undefined : this.#no(objection, info)
  }

  /** The same without the limits, for an address that has become known later. */
  judge(info: ConnectionInfo): P2PNetError | undefined {
    const judgement = this.#judgement(info)
    return judgement === undefined ? undefined : this.#no(judgement, info)
  }

  /** Nobody is put out for somebody who may not come in. */
  #objection(info: ConnectionInfo): Objection | undefined {
    const limit = this.#limitReached(info)
    const place = limit?.yields === true ? this.#places.for(info.address) : undefined
    if (limit !== undefined && place === undefined) return limit
    const judgement = this.#judgement(info)
    if (judgement === undefined && limit !== undefined && place !== undefined) this.#putOut(place, limit)
    return judgement
  }

  #putOut({ address, giveUp }: HandshakePlace, { hook }: Objection): void {
    this.#services.refused(putOut, address, hook)
    giveUp?.()
  }

  #judgement(info: ConnectionInfo): Objection | undefined {
    const { lists, bans, ask } = this.#services
    const { address, inbound } = info
    if (lists.isBlocked(address))
      return { refusal: { code: 'E_BLOCKED', reason: `${address} is blocked` }, hook: 'network.block' }
    // A ban is for who comes in: whom this node dials may share the address with whoever earned it.
    if (inbound && bans.isBanned(address))
      return { refusal: { code: 'E_BLOCKED', reason: `${address} is banned for a while` }, hook: 'limits.banScore' }
    const refusal = ask(info)
    return refusal === undefined ? undefined : { refusal, hook: 'trust.connection' }
  }

  #no({ refusal, hook }: Objection, { address }: ConnectionInfo): P2PNetError {
    this.#services.refused(refusal, address, hook)
    return new P2PNetError(refusal.code, refusal.reason, { hook })
  }

  #limitReached({ address, inbound }: ConnectionInfo): Objection | undefined {
    const { limits } = this.#services
    const group = addressGroup(address)
    if (this.#count((census) => census.inGroup(group)) >= limits.perAddress)
      return limit('perAddress', `too many connections with ${address}`)
    if (this.#count(({ total }) => total) >= limits.maxConnections)
      return limit('maxConnections', 'the node is full', inbound)
    const name = inbound ? 'maxInbound' : 'maxOutbound'
    if (this.#count((census) => census.count(inbound)) >= limits[name])
      return limit(name, `no more ${inbound ? 'incoming' : 'outgoing'} connections`, inbound)
    if (inbound && this.#places.size >= limits.pendingHandshakes)
      return limit('pendingHandshakes', 'too many handshakes are under way', inbound)
    return undefined
  }

  /** Of the open channels, and of those that may become one. */
  #count(of: (census: Census) => number): number {
    return of(this.#services.channels.census) + of(this.#reserved)
  }

  #turnAway(connection: Connection, reason: P2PNetError): void {
    connection.on('error', () => undefined)
    const farewell = this.#mayTell(connection) ? this.#services.farewell(reason) : undefined
    if (farewell === undefined) {
      connection.destroy()
      return
    }
    const timer = this.#services.clock.setTimeout(() => connection.destroy(), refusalMs)
    connection.once('close', () => {
      this.#services.clock.clear(timer)
    })
    connection.resume()
    connection.end(farewell)
  }

  /** False: too many are being told why already. */
  #mayTell(connection: Connection): boolean {
    if (this.#telling >= refusalsAtOnce) return false
    this.#telling++
    connection.once('close', () => this.#telling--)
    return true
  }
}

/** A no and the rule it comes from. */
interface Objection {
  readonly refusal: Refusal
  readonly hook: string
  /** A limit at which a handshake under way gives its place to a newcomer. */
  readonly yields?: boolean
}

const putOut: Refusal = {
  code: 'E_LIMIT',
  reason: 'the handshake gave its place to a newcomer: this address had the most under way',
}

const limit = (name: keyof Limits, reason: string, yields = false): Objection => ({
  refusal: { code: 'E_LIMIT', reason },
  hook: `limits.${name}`,
  yields,
})
