/**
 * A channel is a connection to somebody: packets in order, a level of trust, room to send or the need to wait, and a
 * reason when it ends.
 */
import type { Clock } from '../clock.ts'
import { asP2PNetError, P2PNetError } from '../errors.ts'
import type { AnyPacket, NetworkPacket } from '../packets/packet.ts'
import type { Decoder, Frame, Wire } from '../packets/wire.ts'
import type { Limits } from '../settings.ts'
import { TrustLevel } from '../trust/levels.ts'
import type { Refusal } from '../trust/refusal.ts'
import { OutQueue } from './out-queue.ts'
import { TokenBucket } from './token-bucket.ts'
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
  /** Handles one packet. A promise pauses the channel's reading until it settles. */
  receive(packet: NetworkPacket, channel: PeerChannel): Promise<void> | undefined
  /** Fills in, asks packets.outgoing, encodes. @throws P2PNetError */
  encode(packet: NetworkPacket): Frame
  /** One turn of reading took this long. */
  turn(ms: number): void
  closed(channel: PeerChannel, reason: P2PNetError): void
}

/** How long a goodbye may take to leave before the connection is cut. */
const farewellMs = 1000

export class PeerChannel {
  /** Unique in this node. */
  readonly id: string
  /** The other side dialled. */
  readonly inbound: boolean
  /** Name of the transport. */
  readonly scheme: string
  readonly openedAt: number
  /** Milliseconds since 1970. */
  lastReceivedAt: number
  readonly #services: ChannelServices
  readonly #connection: Connection
  readonly #decoder: Decoder
  readonly #out: OutQueue
  readonly #rate: TokenBucket
  readonly #takers = new Set<PacketTaker>()
  readonly #trustWaiters = new Set<{ resolve: () => void; reject: (error: Error) => void }>()
  #peer: ChannelPeer
  #level: TrustLevel = TrustLevel.unknown
  #trusted = false
  #untrustable: P2PNetError | undefined
  #closing = false
  /** Made when somebody asks for the signal. */
  #abort: AbortController | undefined
  #reason: P2PNetError | undefined
  #farewellHeard: P2PNetError | undefined
  #busy = false
  #backlog: Uint8Array[] = []
  #bulkOwed = 0
  #packetsIn = 0
  #packetsOut = 0
  #bytesIn = 0

  constructor(
    id: string,
    connection: Connection,
    how: { inbound: boolean; scheme: string; peer: ChannelPeer },
    services: ChannelServices,
  ) {
    const { clock, limits, wire } = services
    this.id = id
    this.inbound = how.inbound
    this.scheme = how.scheme
    this.#peer = how.peer
    this.#services = services
    this.#connection = connection
    this.openedAt = this.lastReceivedAt = clock.now()
    this.#decoder = wire.createDecoder({ frameBytes: Math.min(limits.frameBytesBeforeTrust, limits.frameBytes) })
    this.#rate = new TokenBucket(limits.messagesPerSecond, limits.messagesPerSecond, this.openedAt)
    this.#out = new OutQueue(connection, {
      clock,
      limitBytes: limits.outQueueBytes,
      windowBytes: wire.encodeCredit === undefined ? Infinity : limits.windowBytes,
      stallMs: limits.stallMs,
      onStall: () => {
        this.#cut(
          new P2PNetError('E_SLOW_PEER', `${this.peer.address} has read nothing for ${String(limits.stallMs)} ms`),
        )
      },
    })
  }

  get peer(): ChannelPeer {
    return this.#peer
  }

  get level(): TrustLevel {
    return this.#level
  }

  get trusted(): boolean {
    return this.#trusted
  }

  /** True once it is closing or closed. */
  get closed(): boolean {
    return this.#closing
  }

  get stats(): ChannelStats {
    return {
      packetsIn: this.#packetsIn,
      packetsOut: this.#packetsOut,
      bytesIn: this.#bytesIn,
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
    if (this.#trusted) return Promise.resolve()
    const reason = this.#reason ?? this.#untrustable
    if (reason !== undefined) return Promise.reject(reason)
    return waitIn(this.#trustWaiters, options.signal)
  }

  /**
   * Sends a packet. Resolves at once while there is room, else when there is again.
   * @throws P2PNetError E_CLOSED and its kind, E_PACKET_INVALID, E_PACKET_UNKNOWN, E_QUEUE_FULL
   */
  send(packet: AnyPacket): Promise<void> {
    try {
      const frame = this.#services.encode(packet)
      return this.postFrame(frame) ? done : this.#out.drained(frame.lane)
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
    if (this.#closing)
      throw this.#reason ?? new P2PNetError('E_CLOSED', `the channel to ${this.#peer.address} is closed`)
    this.#packetsOut++
    return this.#out.push(frame)
  }

  /** Resolves when there is room in this lane, or in every lane. */
  drained(lane: Frame['lane'] | 'all' = 'all'): Promise<void> {
    return this.#out.drained(lane)
  }

  /** Resolves when everything so far was handed to the connection. */
  flushed(): Promise<void> {
    return this.#out.flushed()
  }

  /**
   * Looks at packets before admission, for handshakes: what the taker answers true to goes no further.
   * Returns how to stop.
   */
  take(taker: PacketTaker): () => void {
    this.#takers.add(taker)
    return () => this.#takers.delete(taker)
  }

  /** The peer has said, on this channel, where it listens. */
  listensAt(port: number): void {
    this.#peer = { ...this.#peer, port }
  }

  /** Says goodbye with the reason and closes. Resolves when the connection is gone. */
  close(reason?: Refusal): Promise<void> {
    const { code, reason: words } = reason ?? { code: 'E_DISCONNECTED', reason: 'closed by this node' }
    return this.#farewell(new P2PNetError(code, words))
  }

  // For the kernel.

  /** Starts reading. */
  open(): void {
    const connection = this.#connection
    connection.on('data', (chunk: Uint8Array) => {
      this.#onData(chunk)
    })
    connection.on('error', (error) => {
      this.#cut(
        new P2PNetError('E_CONNECTION', `the connection to ${this.#peer.address} broke: ${error.message}`, {
          cause: error,
        }),
      )
    })
    const ended = () => {
      this.#cut(this.#farewellHeard ?? new P2PNetError('E_DISCONNECTED', `${this.#peer.address} left`))
    }
    connection.on('end', ended)
    connection.on('close', ended)
  }

  /** A taker wants it: nobody else sees it. */
  offer(packet: NetworkPacket): boolean {
    for (const taker of this.#takers) if (taker(packet)) return true
    return false
  }

  identify(peer: Partial<ChannelPeer>): void {
    this.#peer = { ...this.#peer, ...peer }
  }

  setTrust(level: TrustLevel, trusted: boolean): void {
    this.#level = level
    this.#trusted = trusted
    const { frameBytes, frameBytesBeforeTrust } = this.#services.limits
    this.#decoder.limits = { frameBytes: trusted ? frameBytes : Math.min(frameBytesBeforeTrust, frameBytes) }
    if (!trusted) return
    this.#untrustable = undefined
    for (const waiter of this.#trustWaiters) waiter.resolve()
    this.#trustWaiters.clear()
  }

  /** The handshake is over and the peer is not trusted. */
  failTrust(reason: P2PNetError): void {
    this.#untrustable = reason
    for (const waiter of this.#trustWaiters) waiter.reject(reason)
    this.#trustWaiters.clear()
  }

  /** The other side gave a reason for what comes next: the end of the connection. */
  hearFarewell(data: string | undefined): void {
    const [, code = 'E_DISCONNECTED', words = data ?? 'no reason given'] =
      /^(E_[A-Z_]{1,60}): ([^]*)$/.exec(data ?? '') ?? []
    this.#farewellHeard = new P2PNetError(code, `${this.#peer.address} closed the channel: ${words}`)
  }

  /** The other side said goodbye, and may: closes with the reason it gave. */
  leave(): void {
    this.#cut(this.#farewellHeard ?? new P2PNetError('E_DISCONNECTED', `${this.#peer.address} left`))
  }

  #onData(chunk: Uint8Array): void {
    if (this.#closing) return
    this.#bytesIn += chunk.byteLength
    this.lastReceivedAt = this.#services.clock.now()
    if (this.#busy) {
      this.#backlog.push(chunk)
      return
    }
    this.#decode(chunk)
  }

  #decode(chunk: Uint8Array): void {
    const before = performance.now()
    try {
      this.#decoder.push(chunk)
    } catch (error) {
      this.#reject(error)
      return
    }
    this.#pump()
    this.#services.turn(performance.now() - before)
  }

  /** Handles packet after packet, until one wants time, the rate is reached or the chunk is used up. */
  #pump(): void {
    while (!this.#closing) {
      let packet: NetworkPacket | undefined
      try {
        packet = this.#decoder.next()
      } catch (error) {
        this.#reject(error)
        return
      }
      if (packet === undefined) break
      this.#packetsIn++
      const pending = this.#services.receive(packet, this)
      const wait = this.#rate.take(this.lastReceivedAt)
      if (pending === undefined && wait === 0) continue
      this.#pauseUntil(pending ?? this.#later(wait))
      return
    }
    if (this.#closing) return
    this.#giveCredit()
    const next = this.#backlog.shift()
    if (next !== undefined) this.#decode(next)
  }

  #pauseUntil(pending: Promise<void>): void {
    this.#busy = true
    this.#connection.pause()
    const resume = () => {
      this.#busy = false
      if (this.#closing) return
      this.#pump()
      if (!this.#busy && !this.#closing) this.#connection.resume()
    }
    pending.then(resume, resume)
  }

  #later(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#services.clock.setTimeout(() => {
        this.lastReceivedAt = this.#services.clock.now()
        resolve()
      }, ms)
    })
  }

  #giveCredit(): void {
    const granted = this.#decoder.takeCredit()
    if (granted > 0) this.#out.grant(granted)
    this.#bulkOwed += this.#decoder.takeBulk()
    const { wire, limits } = this.#services
    if (this.#bulkOwed < limits.windowBytes / 4 || wire.encodeCredit === undefined) return
    this.#out.push(wire.encodeCredit(this.#bulkOwed))
    this.#bulkOwed = 0
  }

  #reject(error: unknown): void {
    void this.#farewell(asP2PNetError(error, 'E_FRAME_INVALID'))
  }

  async #farewell(reason: P2PNetError): Promise<void> {
    if (this.#closing) return
    const { clock, encode } = this.#services
    const connection = this.#connection
    try {
      const data = `${reason.code}: ${reason.message}`.slice(0, 1024)
      this.#out.push(encode({ type: 'Disconnect', timestamp: clock.now(), data } as NetworkPacket))
      const flushed = this.#out.flushed()
      this.#end(reason)
      const timer = clock.setTimeout(() => connection.destroy(), farewellMs)
      flushed.then(
        () => connection.end(),
        () => connection.destroy(),
      )
      await closeOf(connection)
      clock.clear(timer)
    } catch {
      // A goodbye that cannot be said is no reason to stay: the wire may not know Disconnect, the queue may be closed.
      this.#cut(reason)
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
    this.#backlog = []
    this.#trusted = false
    this.failTrust(reason)
    this.#takers.clear()
    this.#abort?.abort(reason)
    this.#services.closed(this, reason)
  }
}

const done = Promise.resolve()

function closeOf(connection: Connection): Promise<void> {
  if (connection.closed) return Promise.resolve()
  return new Promise((resolve) =>
    connection.once('close', () => {
      resolve()
    }),
  )
}

function waitIn(
  waiters: Set<{ resolve: () => void; reject: (error: Error) => void }>,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = () => new P2PNetError('E_ABORTED', 'the caller gave up', { cause: signal?.reason })
    if (signal?.aborted === true) {
      reject(aborted())
      return
    }
    const onAbort = () => {
      waiters.delete(waiter)
      reject(aborted())
    }
    const settled = () => signal?.removeEventListener('abort', onAbort)
    const waiter = {
      resolve() {
        settled()
        resolve()
      },
      reject(error: Error) {
        settled()
        reject(error)
      },
    }
    waiters.add(waiter)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
