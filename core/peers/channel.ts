/**
 * A channel is a connection to somebody: packets in order, a level of trust, room to send or the need to wait, and a
 * reason when it ends.
 */
import type { Clock } from '../clock.ts'
import { asP2PNetError, messageOf, P2PNetError } from '../errors.ts'
import { farewell, readFarewell } from '../packets/farewell.ts'
import type { AnyPacket, NetworkPacket } from '../packets/packet.ts'
import type { Frame, Wire } from '../packets/wire.ts'
import type { Limits } from '../settings.ts'
import type { TrustLevel } from '../trust/levels.ts'
import type { Refusal } from '../trust/refusal.ts'
import { TrustState } from '../trust/trust-state.ts'
import { plainAddress } from './address-group.ts'
import { Intake, type IntakeEvents } from './intake.ts'
import { OutQueue, type OutQueueEvents, type OutQueueOptions } from './out-queue.ts'
import { Reader } from './reader.ts'
import type { Connection } from './transport.ts'

/** Who is at the other end. */
export interface ChannelPeer {
  /** Proved or, in classic networks, claimed. Unknown until the peer has said it. */
  readonly identifier?: string
  readonly address: string
  /** Where the peer listens, once it has said so; before that the port the connection came from. */
  readonly port: number
}

export interface ChannelStats {
  readonly packetsIn: number
  readonly packetsOut: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/** Looks at a packet before admission; true keeps it from everybody else. */
export type PacketTaker = (packet: NetworkPacket) => boolean

/** What a channel asks of the kernel. */
export interface ChannelServices {
  readonly clock: Clock
  readonly limits: Limits
  readonly wire: Wire
  readonly out: OutQueueOptions
  /** Handles one packet. A promise pauses the channel's reading until it settles. */
  receive(packet: NetworkPacket, channel: PeerChannel): Promise<void> | undefined
  /** Fills in, asks packets.outgoing, encodes. @throws P2PNetError */
  encode(packet: NetworkPacket): Frame
  /** One turn of reading took this long. */
  turn(ms: number): void
  /** A no of the channel itself, for the ledger. */
  refuse(refusal: Refusal, channel: PeerChannel, hook: string): void
  /** Where it gave way to another it finds that one: yieldTo() or failTrust() comes of it. */
  closed(channel: PeerChannel, reason: P2PNetError): void
}

/** A goodbye for these reasons is none: nobody wanted the channel to end. */
const unwanted: ReadonlySet<string> = new Set(['E_CONNECTION', 'E_DUPLICATE', 'E_IDLE', 'E_SLOW_PEER', 'E_STALE'])

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
  #takers: readonly PacketTaker[] = nobody
  #leavers: readonly ((reason: P2PNetError) => void)[] = nobody
  readonly #trust = new TrustState()
  #peer: ChannelPeer
  /** The other side has ended; what it sent before is still being handled. */
  #over = false
  #closing = false
  /** One side has said that it leaves. */
  #goodbye = false
  #lost = false
  #awaitsProof = false
  /** Made when somebody asks for the signal. */
  #abort: AbortController | undefined
  #reason: P2PNetError | undefined
  /** Of two channels to one peer one stays: whoever holds the other goes on through it. */
  #survivor: PeerChannel | undefined
  #farewellHeard: P2PNetError | undefined
  #packetsOut = 0
  #bytesOutSeen = 0

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
    return this.#closing || this.#over
  }

  /** It was trusted, and has ended although neither side said goodbye: the peer may be worth dialling again. */
  get lost(): boolean {
    return this.#lost
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
    this.#abort ??= new AbortController()
    if (this.#closing && !this.#abort.signal.aborted) this.#abort.abort(this.#reason)
    return this.#abort.signal
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
    if (this.#closing)
      throw this.#reason ?? new P2PNetError('E_CLOSED', `the channel to ${this.#peer.address} is closed`)
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
  onLeave(leaver: (reason: P2PNetError) => void): () => void {
    if (this.#reason !== undefined) {
      leaver(this.#reason)
      return () => undefined
    }
    this.#leavers = [...this.#leavers, leaver]
    return () => {
      this.#leavers = this.#leavers.filter((one) => one !== leaver)
    }
  }

  // For the kernel.

  /** Starts reading. */
  open(): void {
    const connection = this.#connection
    connection.on('error', (error) => {
      const words = `the connection to ${this.#peer.address} broke: ${error.message}`
      this.#cut(new P2PNetError('E_CONNECTION', words, { cause: error }))
    })
    const ended = () => {
      this.#onEnd()
    }
    connection.on('end', ended)
    connection.on('close', ended)
    const intake = this.#intake
    if (connection.readInto === undefined)
      connection.on('data', (chunk: Uint8Array) => {
        intake.take(chunk)
      })
    else
      connection.readInto(
        new Reader((chunk, memory) => {
          intake.take(chunk, memory)
        }),
      )
    // It may be gone before anybody could listen; the caller still has to learn of the channel first.
    if (connection.destroyed) process.nextTick(ended)
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
    this.#goodbye = true
    this.#farewellHeard = readFarewell(data, this.#peer.address)
  }

  /** The other side has left, or said goodbye and may: closes with the reason it gave. */
  leave(): void {
    this.#cut(this.#farewellHeard ?? this.#left())
  }

  /** How long nothing has come although we listened, in ms. */
  silentMs(now: number): number {
    return this.#intake.silentMs(now)
  }

  /** Says that we are still here, if nothing was said since this was called last. False: this wire has no words for it. */
  keepAlive(): boolean {
    const { encodeCredit } = this.#services.wire
    if (encodeCredit === undefined) return false
    if (this.#out.written === this.#bytesOutSeen && !this.closed) this.#out.push(encodeCredit(0))
    this.#bytesOutSeen = this.#out.written
    return true
  }

  /** Says something that costs nothing, so that the peer hears that we are here. False: this wire has no words for it. */
  probe(): boolean {
    const { encodeCredit } = this.#services.wire
    if (encodeCredit === undefined) return false
    try {
      if (!this.closed) this.#out.push(encodeCredit(0))
    } catch {
      // Its queue is full: nothing more can be said, and what waits there says as much.
    }
    return true
  }

  #refuse({ code, message }: P2PNetError, hook: string): void {
    this.#services.refuse({ code, reason: message }, this, hook)
  }

  #left(): P2PNetError {
    return new P2PNetError('E_DISCONNECTED', `${this.#peer.address} left`)
  }

  #onEnd(): void {
    if (this.#closing) {
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
    if (this.#closing) return closeOf(connection)
    const { clock, encode } = this.#services
    this.#goodbye = true
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
    if (this.#closing) return
    this.#closing = true
    this.#reason = reason
    this.#lost = this.#trust.trusted && (!this.#goodbye || unwanted.has(reason.code))
    this.#intake.stop()
    this.#takers = nobody
    this.#abort?.abort(reason)
    for (const leaver of this.#leavers) leaver(reason)
    this.#leavers = nobody
    if (!gaveWay(reason.code)) this.#trust.fail(reason)
    this.#services.closed(this, reason)
  }
}

const done = Promise.resolve()
const nobody: readonly never[] = []

function closeOf(connection: Connection): Promise<void> {
  if (connection.closed) return Promise.resolve()
  return new Promise((resolve) => connection.once('close', resolve))
}
