/**
 * The door: what a connection has to pass before it is a channel. The kernel's limits first, then the operator's lists,
 * then trust.connection, then the queue of incoming peers where the policy has one. Whoever is refused is told why.
 */
import { isIP } from 'node:net'
import type { Clock } from '../clock.ts'
import { P2PNetError } from '../errors.ts'
import type { Placement } from './inbound-queue.ts'
import type { InboundQueue } from './inbound-queue.ts'
import type { Limits } from '../settings.ts'
import type { AccessLists } from '../trust/access-lists.ts'
import type { Refusal } from '../trust/refusal.ts'
import type { ConnectionInfo } from '../hooks.ts'
import type { Channels } from './channels.ts'
import type { Connection } from './transport.ts'

/** How long a refused connection may take to hear why. */
const refusalMs = 1000
/** Refused connections that are being told so at once; more are cut without a word. */
const refusalsAtOnce = 32

export interface DoorwayServices {
  readonly clock: Clock
  readonly limits: Limits
  readonly lists: AccessLists
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
  /** Connections in the queue count against the limits too. */
  readonly #waiting = new Map<Connection, string>()
  #telling = 0

  constructor(services: DoorwayServices) {
    this.#services = services
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
    const gone = () => this.#waiting.delete(connection)
    const ignore = () => undefined
    this.#waiting.set(connection, address)
    connection.once('close', gone)
    connection.on('error', ignore)
    this.#services.queue.place(
      placement,
      { address, port },
      {
        accepted: () => {
          gone()
          connection.off('close', gone)
          connection.off('error', ignore)
          if (!connection.destroyed) enter()
        },
        refused: (reason) => {
          gone()
          this.#services.refused({ code: reason.code, reason: reason.message }, address, 'peers.placement')
          this.#turnAway(connection, reason)
        },
      },
    )
  }

  /** The answer for somebody at this address; a refusal stands in the ledger. */
  check(info: ConnectionInfo): P2PNetError | undefined {
    const limit = this.#limitReached(info)
    if (limit !== undefined) return this.#no({ code: 'E_LIMIT', reason: limit.reason }, info, `limits.${limit.name}`)
    if (this.#services.lists.isBlocked(info.address))
      return this.#no({ code: 'E_BLOCKED', reason: `${info.address} is blocked` }, info, 'network.block')
    const refusal = this.#services.ask(info)
    return refusal === undefined ? undefined : this.#no(refusal, info, 'trust.connection')
  }

  #no(refusal: Refusal, info: ConnectionInfo, hook: string): P2PNetError {
    this.#services.refused(refusal, info.address, hook)
    return new P2PNetError(refusal.code, refusal.reason, { hook })
  }

  #limitReached({ address, inbound }: ConnectionInfo): { name: keyof Limits; reason: string } | undefined {
    const { limits, channels, pendingHandshakes } = this.#services
    const waiting = this.#waiting.size
    if (channels.size + waiting >= limits.maxConnections) return { name: 'maxConnections', reason: 'the node is full' }
    const side = channels.count((channel) => channel.inbound === inbound) + (inbound ? waiting : 0)
    const name = inbound ? 'maxInbound' : 'maxOutbound'
    if (side >= limits[name]) return { name, reason: `no more ${inbound ? 'incoming' : 'outgoing'} connections` }
    const group = addressGroup(address)
    const same = channels.count((channel) => addressGroup(channel.peer.address) === group)
    const queued = [...this.#waiting.values()].filter((other) => addressGroup(other) === group).length
    if (same + queued >= limits.perAddress)
      return { name: 'perAddress', reason: `too many connections with ${address}` }
    if (inbound && pendingHandshakes() >= limits.pendingHandshakes)
      return { name: 'pendingHandshakes', reason: 'too many handshakes are under way' }
    return undefined
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

/** Addresses that count as one: an IPv4 address, or an IPv6 /56, which is what one household gets. */
export function addressGroup(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped?.[1] !== undefined) return mapped[1]
  if (isIP(address) !== 6) return address
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  const words = groups.slice(0, 4).map((group) => parseInt(group, 16) || 0)
  words[3] = (words[3] ?? 0) & 0xff00
  return `${words.map((word) => word.toString(16)).join(':')}/56`
}
