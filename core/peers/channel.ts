/**
 * A channel is a connection to somebody: packets in order, a level of trust, room to send or the need to wait, and a
 * reason when it ends.
 */
import { asP2PNetError, messageOf, P2PNetError } from '../errors.ts'
import { farewell } from '../packets/farewell.ts'
import type { AnyPacket, NetworkPacket } from '../packets/packet.ts'
import type { Frame } from '../packets/wire.ts'
import type { TrustLevel } from '../trust/levels.ts'
import type { Refusal } from '../trust/refusal.ts'
import { TrustState } from '../trust/trust-state.ts'
import { plainAddress } from './address-group.ts'
import type { ChannelPeer, ChannelServices, ChannelStats, PacketTaker } from './channel-services.ts'
import { feed } from './connection-feed.ts'
import { closeOf, Ending, type Leaver } from './ending.ts'
import { Intake, type IntakeEvents } from './intake.ts'
import { OutQueue, type OutQueueEvents } from './out-queue.ts'
import { SignOfLife } from './sign-of-life.ts'
import type { Connection } from './transport.ts'

/** One channel gave way to another to the same peer. */
export const gaveWay = (code: string): boolean => code === 'E_DUPLICATE' || code === 'E_STALE'

/** How long a goodbye may take to leave before the connection is cut. */
const farewellMs = 1000

export class PeerChannel {
  /** What its rooms tell a channel. */
  static readonly #events: IntakeEvents<PeerChannel> & OutQueueEvents<PeerChannel> = {
    receive: (channel, packet) => channel.#services.receive(packet, channel),
    granted: (channel, bytes) => {
      channel.#out.grant(bytes)
    },
    owed: (channel, bytes) => {
      const { wire } = channel.#services
      if (wire.encodeCredit !== undefined && !channel.closed) channel.#out.push(wire.encodeCredit(bytes))
    },
    keepsUp: (channel) => {
      channel.#out.keepsUp()
    },
    failed: (channel, error) => {
      channel.#refuse(error, 'wire')
      void channel.#farewell(error)
    },
    ended: (channel) => {
      channel.leave()
    },
    turn: (channel, ms) => {
      channel.#services.turn(ms)
    },
    stalled: (channel) => {
      const ms = String(channel.#services.limits.stallMs)
      const error = new P2PNetError('E_SLOW_PEER', `${channel.#peer.address} has read nothing for ${ms} ms`)
      channel.#refuse(error, 'limits.stallMs')
      channel.#cut(error)
    },
  }

  /** Unique in this node. */
  readonly id: string
  /** The other side dialled. */
  readonly inbound: boolean
  /** Name of the transport. */
  readonly scheme: string
  readonly openedAt: number
  /** The address on this side, where the transport has one. */
  readonly localAddress: string | undefined
  /** Identifier of whom this node dialled, if it knew. */
  readonly expected: string | undefined
  readonly #services: ChannelServices
  readonly #connection: Connection
  readonly #intake: Intake<PeerChannel>
  readonly #out: OutQueue<PeerChannel>
  readonly #life: SignOfLife
  #takers: readonly PacketTaker[] = nobody
  readonly #trust = new TrustState()
  readonly #ending = new Ending()
  #peer: ChannelPeer
  /** The other side has ended; what it sent before is still being handled. */
  #over = false
  #awaitsProof = false
  /** Of two channels to one peer one stays: whoever holds the other goes on through it. */
  #survivor: PeerChannel | undefined
  #packetsOut = 0

  constructor(
    id: string,
    connection: Connection,
    how: { inbound: boolean; scheme: string; peer: ChannelPeer; expected?: string | undefined },
    services: ChannelServices,
  ) {
    this.id = id
    this.inbound = how.inbound
    this.scheme = how.scheme
    this.expected = how.expected
    this.#peer = how.peer
    this.#services = services
    this.#connection = connection
    this.openedAt = services.clock.now()
    this.localAddress = connection.localAddress === undefined ? undefined : plainAddress(connection.localAddress)
    this.#intake = new Intake(connection, services, PeerChannel.#events, this)
    this.#out = new OutQueue(connection, services.out, PeerChannel.#events, this)
    this.#life = new SignOfLife(services.wire, this.#out)
  }

  get peer(): ChannelPeer {
    return this.#survivor?.peer ?? this.#peer
  }

  get level(): TrustLevel {
    return this.#survivor?.level ?? this.#trust.level
  }

  get trusted(): boolean {
    return this.#survivor?.trusted ?? this.#trust.trusted
  }

  /** True once it is closing or closed, or the other side has ended. */
  get closed(): boolean {
    return this.#over || this.#ending.reason !== undefined
  }

  /** It was trusted, and has ended although neither side said goodbye: the peer may be worth dialling again. */
  get lost(): boolean {
    return this.#ending.isLoss
  }

  /** When bytes came last; milliseconds since 1970. */
  get lastReceivedAt(): number {
    return this.#intake.lastAt
  }

  get stats(): ChannelStats {
    return {
      packetsIn: this.#intake.packets,
      packetsOut: this.#packetsOut,
      bytesIn: this.#intake.bytes,
      bytesOut: this.#out.written,
    }
  }

  /** Aborted, with the reason, when the channel closes. */
  get signal(): AbortSignal {
    return this.#ending.signal
  }

  /** Identifier of the key that the transport proved, if it proves one. */
  get peerKey(): string | undefined {
    return this.#connection.peerKey
  }

  /** Bytes that bind a handshake to this very connection, if the transport has them. */
  exporter(label: string, length: number): Uint8Array | undefined {
    return this.#connection.exporter?.(label, length)
  }

  /**
   * Resolves once the peer is trusted.
   * @throws P2PNetError the reason if it will not be.
   */
  whenTrusted(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return this.#survivor?.whenTrusted(options) ?? this.#trust.reached(options.signal)
  }

  /**
   * Sends a packet. Resolves at once while there is room, else when there is again.
   * @throws P2PNetError E_CLOSED and its kind, E_PACKET_INVALID, E_PACKET_UNKNOWN, E_QUEUE_FULL
   */
  send(packet: AnyPacket): Promise<void> {
    try {
      const frame = this.#services.encode(packet)
      return this.postFrame(frame) ? done : this.drained(frame.lane)
    } catch (error) {
      return Promise.reject(asP2PNetError(error, 'E_PACKET_INVALID'))
    }
  }

  /**
   * The same without a promise. False: the packet was taken, and it is time to wait for `drained()`.
   * @throws P2PNetError as send
   */
  post(packet: AnyPacket): boolean {
    return this.postFrame(this.#services.encode(packet))
  }

  /** A frame that is encoded already, for many channels at once. @throws P2PNetError E_CLOSED, E_QUEUE_FULL */
  postFrame(frame: Frame): boolean {
    if (this.#survivor !== undefined) return this.#survivor.postFrame(frame)
    if (this.#ending.reason !== undefined) throw this.#ending.reason
    const room = this.#out.push(frame)
    this.#packetsOut++
    return room
  }

  /** Resolves when there is room in this lane, or in every lane. */
  drained(lane: Frame['lane'] | 'all' = 'all'): Promise<void> {
    return this.#survivor?.drained(lane) ?? this.#out.drained(lane)
  }

  /** Resolves when everything so far was handed to the connection. */
  flushed(): Promise<void> {
    return this.#survivor?.flushed() ?? this.#out.flushed()
  }

  /**
   * Looks at packets before admission, for handshakes: what the taker answers true to goes no further.
   * Returns how to stop.
   */
  take(taker: PacketTaker): () => void {
    this.#takers = [...this.#takers, taker]
    return () => {
      this.#takers = this.#takers.filter((one) => one !== taker)
    }
  }

  /** The peer has said, on this channel, where it listens. */
  listensAt(port: number): void {
    this.#peer = { ...this.#peer, port }
  }

  /**
   * Says goodbye with the reason and closes. Resolves when the connection is gone. `told`: what the peer hears in place
   * of the reason.
   */
  close(reason?: Refusal, told?: Refusal): Promise<void> {
    if (this.#survivor !== undefined) return this.#survivor.close(reason, told)
    const { code, reason: words } = reason ?? { code: 'E_DISCONNECTED', reason: 'closed by this node' }
    return this.#farewell(new P2PNetError(code, words), told && new P2PNetError(told.code, told.reason))
  }

  /**
   * From now on a name that stands in a packet says nothing about who this is; network.identify() will. For handshakes
   * that prove it.
   */
  awaitProof(): void {
    this.#awaitsProof = true
  }

  get awaitsProof(): boolean {
    return this.#awaitsProof
  }

  /** Tells once, with the reason, when the channel closes, or has; cheaper than `signal`. Returns how not to be told. */
  onLeave(leaver: Leaver): () => void {
    return this.#ending.onBegin(leaver)
  }

  // For the kernel.

  /** Starts reading. */
  open(): void {
    feed(this.#connection, {
      take: (chunk, memory) => {
        this.#intake.take(chunk, memory)
      },
      broke: (error) => {
        const words = `the connection to ${this.#peer.address} broke: ${error.message}`
        this.#cut(new P2PNetError('E_CONNECTION', words, { cause: error }))
      },
      ended: () => {
        this.#onEnd()
      },
    })
  }

  /** A taker wants it: nobody else sees it. One that throws fails closed. */
  offer(packet: NetworkPacket): boolean {
    if (this.#takers.length === 0) return false
    try {
      for (const taker of this.#takers) if (taker(packet)) return true
      return false
    } catch (thrown) {
      const error = new P2PNetError('E_HANDSHAKE', `the handshake failed: ${messageOf(thrown)}`, { cause: thrown })
      this.#refuse(error, 'trust.handshake')
      void this.#farewell(error)
      return true
    }
  }

  identify(peer: Partial<ChannelPeer>): void {
    this.#peer = { ...this.#peer, ...peer }
  }

  setTrust(level: TrustLevel, trusted: boolean): void {
    const { frameBytes, frameBytesBeforeTrust } = this.#services.limits
    this.#intake.frameBytes = trusted ? frameBytes : Math.min(frameBytesBeforeTrust, frameBytes)
    this.#trust.set(level, trusted)
  }

  /** The handshake is over and the peer is not trusted, or is no longer. */
  failTrust(reason: P2PNetError): void {
    this.#trust.fail(reason)
  }

  /** Another channel to the same peer stays: whoever holds this one goes on through that. */
  yieldTo(survivor: PeerChannel, reason: P2PNetError): void {
    this.#survivor = survivor
    this.#trust.follow(survivor.whenTrusted(), reason)
  }

  /** The other side gave a reason for what comes next: the end of the connection. */
  hearFarewell(data: string | undefined): void {
    this.#ending.hear(data, this.#peer.address)
  }

  /** The other side has left, or said goodbye and may: closes with the reason it gave. */
  leave(): void {
    this.#cut(this.#ending.heard ?? this.#left())
  }

  /** How long nothing has come although we listened, in ms. */
  silentMs(now: number): number {
    return this.#intake.silentMs(now)
  }

  /** Says that we are still here, if nothing was said since this was called last. False: this wire has no words for it. */
  keepAlive(): boolean {
    return this.#life.ifSilent(!this.closed)
  }

  /** Says something that costs nothing, so that the peer hears that we are here. False: this wire has no words for it. */
  probe(): boolean {
    return this.#life.give(!this.closed)
  }

  #refuse({ code, message }: P2PNetError, hook: string): void {
    this.#services.refuse({ code, reason: message }, this, hook)
  }

  #left(): P2PNetError {
    return new P2PNetError('E_DISCONNECTED', `${this.#peer.address} left`)
  }

  #onEnd(): void {
    if (this.#ending.reason !== undefined) {
      this.#connection.destroy()
      return
    }
    // Nothing can be said any more, but what was heard still counts.
    this.#over = true
    this.#out.close(this.#left())
    this.#intake.end()
  }

  async #farewell(reason: P2PNetError, told = reason): Promise<void> {
    const connection = this.#connection
    if (this.#ending.reason !== undefined) return closeOf(connection)
    const { clock, encode } = this.#services
    this.#ending.say()
    this.#end(reason)
    try {
      const said = this.#out.finish(encode(farewell(told, clock.now())))
      const timer = clock.setTimeout(() => connection.destroy(), farewellMs)
      said.then(
        () => connection.end(),
        () => connection.destroy(),
      )
      await closeOf(connection)
      clock.clear(timer)
    } catch {
      // A goodbye that cannot be said is no reason to stay: the wire may not know Disconnect, the queue may be closed.
      connection.destroy()
    }
    this.#out.close(reason)
  }

  #cut(reason: P2PNetError): void {
    this.#out.close(reason)
    this.#end(reason)
    this.#connection.destroy()
  }

  #end(reason: P2PNetError): void {
    if (this.#ending.reason !== undefined) return
    this.#ending.begin(reason, this.#trust.trusted)
    this.#intake.stop()
    this.#takers = nobody
    this.#ending.tell()
    if (!gaveWay(reason.code)) this.#trust.fail(reason)
    this.#services.closed(this, reason)
  }
}

const done = Promise.resolve()
const nobody: readonly never[] = []
