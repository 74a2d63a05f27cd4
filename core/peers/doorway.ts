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
import type { Channels } from './channels.ts'
import { Courtesy } from './courtesy.ts'
import type { Connection } from './transport.ts'

/** How long a refused connection may take to hear why. */
const refusalMs = 1000
/** Refused connections that are being told so at once; more are cut without a word. */
const refusalsAtOnce = 32

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
  /** Channels whose handshake is under way. */
  pendingHandshakes(): number
  /** The bytes of a goodbye. */
  farewell(reason: P2PNetError): Uint8Array | undefined
}

export class Doorway {
  readonly #services: DoorwayServices
  /** Who waits in the queue or is being dialled counts against the limits too. */
  readonly #reserved = new Census()
  #telling = 0
  readonly #courtesy: Courtesy

  constructor(services: DoorwayServices) {
    this.#services = services
    this.#courtesy = new Courtesy(services.clock)
  }

  /** Before a costly handshake, for a transport to ask; knock() asks again after it. Undefined: the ledger says why. */
  admit(address: string, port: number): (() => void) | undefined {
    const info = { address, port, inbound: true }
    const objection = this.#limitReached(info) ?? this.#judgement(info)
    if (objection === undefined) return this.reserve(info)
    const courtesy = this.#courtesy.begin()
    if (courtesy === undefined) this.#no(objection, info)
    return courtesy
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

  /** The answer for somebody at this address; a refusal stands in the ledger. */
  check(info: ConnectionInfo): P2PNetError | undefined {
    const limit = this.#limitReached(info)
    return limit === undefined ? this.judge(info) : this.#no(limit, info)
  }

  /** The same without the limits, for an address that has become known later. */
  judge(info: ConnectionInfo): P2PNetError | undefined {
    const judgement = this.#judgement(info)
    return judgement === undefined ? undefined : this.#no(judgement, info)
  }

  #judgement(info: ConnectionInfo): Objection | undefined {
    const { lists, bans, ask } = this.#services
    const { address } = info
    if (lists.isBlocked(address))
      return { refusal: { code: 'E_BLOCKED', reason: `${address} is blocked` }, hook: 'network.block' }
    if (bans.isBanned(address))
      return { refusal: { code: 'E_BLOCKED', reason: `${address} is banned for a while` }, hook: 'limits.banScore' }
    const refusal = ask(info)
    return refusal === undefined ? undefined : { refusal, hook: 'trust.connection' }
  }

  #no({ refusal, hook }: Objection, { address }: ConnectionInfo): P2PNetError {
    this.#services.refused(refusal, address, hook)
    return new P2PNetError(refusal.code, refusal.reason, { hook })
  }

  #limitReached({ address, inbound }: ConnectionInfo): Objection | undefined {
    const { limits, pendingHandshakes } = this.#services
    if (this.#count(({ total }) => total) >= limits.maxConnections) return limit('maxConnections', 'the node is full')
    const name = inbound ? 'maxInbound' : 'maxOutbound'
    if (this.#count((census) => census.count(inbound)) >= limits[name])
      return limit(name, `no more ${inbound ? 'incoming' : 'outgoing'} connections`)
    const group = addressGroup(address)
    if (this.#count((census) => census.inGroup(group)) >= limits.perAddress)
      return limit('perAddress', `too many connections with ${address}`)
    if (inbound && pendingHandshakes() >= limits.pendingHandshakes)
      return limit('pendingHandshakes', 'too many handshakes are under way')
    return undefined
  }

  /** Of the open channels, and of those that may become one. */
  #count(of: (census: Census) => number): number {
    return of(this.#services.channels.census) + of(this.#reserved)
  }

  #turnAway(connection: Connection, reason: P2PNetError): void {
    connection.on('error', () => undefined)
    const farewell = this.#telling < refusalsAtOnce ? this.#services.farewell(reason) : undefined
    if (farewell === undefined) {
      connection.destroy()
      return
    }
    this.#telling++
    const timer = this.#services.clock.setTimeout(() => connection.destroy(), refusalMs)
    connection.once('close', () => {
      this.#telling--
      this.#services.clock.clear(timer)
    })
    connection.resume()
    connection.end(farewell)
  }
}

/** A no and the rule it comes from. */
interface Objection {
  readonly refusal: Refusal
  readonly hook: string
}

const limit = (name: keyof Limits, reason: string): Objection => ({
  refusal: { code: 'E_LIMIT', reason },
  hook: `limits.${name}`,
})
