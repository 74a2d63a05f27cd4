/**
 * What a wire format is: the `wire` capability. A decoder is pulled, one packet at a time, so that the channel can stop
 * between two packets of one chunk; an encoded frame holds nothing of the channel, so that it is made once however many
 * peers it goes to.
 */
import type { ReadMemory } from './memory.ts'
import type { NetworkPacket } from './packet.ts'

/** Who goes first: `control` before `message` before `bulk`. Bulk alone runs under the receiver's window. */
export type Lane = 'control' | 'message' | 'bulk'

/** One packet as bytes. `head` is ours to copy; `payload` goes out by reference and must not change any more. */
export interface Frame {
  readonly head: Uint8Array
  /**
   * Where the head lies, if the wire cuts its heads from a slab: the memory, and its first byte and the one behind its
   * last. Spares whoever writes many the views. Absent: `head` is all there is.
   */
  readonly memory?: ArrayBufferLike
  readonly from?: number
  readonly to?: number
  readonly payload?: Uint8Array | undefined
  readonly lane: Lane
  /** head + payload. */
  readonly bytes: number
  /**
   * The same packet as the first of a channel, where this wire has its peer told there who speaks. Absent: the first is
   * like any other.
   */
  opening?(): Frame
}

export interface DecoderLimits {
  /** Largest frame in bytes, header included. Checked before anything of the frame is buffered. */
  readonly frameBytes: number
}

/**
 * Turns a stream of chunks into packets.
 *
 * ```ts
 * decoder.push(chunk)
 * for (let packet = decoder.next(); packet !== undefined; packet = decoder.next()) handle(packet)
 * ```
 */
export interface Decoder {
  /** Raised once a peer is trusted. */
  limits: DecoderLimits
  /**
   * Takes the next bytes. Everything of the chunk before must have been pulled. `memory`, for decoders that have
   * `keepRest`: the chunk lies in memory that is read into again once next() answered undefined; what is to stay longer
   * is kept there, or copied. Without it the chunk is the decoder's own.
   */
  push(chunk: Uint8Array, memory?: ReadMemory): void
  /** Nothing is pulled for now: what was not pulled yet has to be kept, or copied. */
  keepRest?(): void
  /**
   * The next whole packet, or undefined when more bytes are needed.
   * @throws P2PNetError E_FRAME_INVALID, E_FRAME_TOO_LARGE: the stream is lost and the channel must close.
   */
  next(): NetworkPacket | undefined
  /** Bytes of bulk frames handed out since the last call; the receiver gives them back as credit. */
  takeBulk(): number
  /** Credit that the other side gave since the last call, in bytes. */
  takeCredit(): number
  /**
   * True once the peer has shown that it reads whatever it is sent, so that `Wire.pauseAfter` need not be kept any more.
   * Asked after `next()`, and never false again.
   */
  readonly keepsUp?: boolean
}

/** Packets outside of channels: one to a datagram, without what separates them on a stream. */
export interface DatagramCodec {
  /** @throws P2PNetError as Wire.encode */
  encode(packet: NetworkPacket): Uint8Array
  /** @throws P2PNetError E_FRAME_INVALID */
  decode(datagram: Uint8Array): NetworkPacket
}

/** Who sends, and when: for a packet that does not say so itself. */
export interface Stamp {
  readonly identifier: string
  /** Milliseconds since 1970. */
  readonly time: number
}

/** The `wire` capability. */
export interface Wire {
  readonly name: string
  createDecoder(limits: DecoderLimits): Decoder
  /** @throws P2PNetError E_PACKET_UNKNOWN, E_PACKET_INVALID, E_FRAME_TOO_LARGE */
  encode(packet: NetworkPacket, stamp?: Stamp): Frame
  /**
   * encode() takes what a packet does not say of itself from the stamp. Absent: the kernel fills it in before, at the
   * price of a copy.
   */
  readonly stamps?: boolean
  /** A frame that gives the other side `bytes` of credit for bulk. Absent: this wire has no window. */
  encodeCredit?(bytes: number): Frame
  /**
   * How long nothing may follow this frame, in ms, towards a peer whose decoder does not say `keepsUp`. Absent: every
   * peer of this wire keeps up.
   */
  pauseAfter?(frame: Frame): number
  /** How this wire's packets look in a datagram. Absent: like a frame. */
  readonly datagrams?: DatagramCodec
}
