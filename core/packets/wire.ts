/**
 * What a wire format is: the `wire` capability. A decoder is pulled, one packet at a time, so that the channel can stop
 * between two packets of one chunk; an encoded frame holds nothing of the channel, so that it is made once however many
 * peers it goes to.
 */
import type { NetworkPacket } from './packet.ts'

/** Who goes first: `control` before `message` before `bulk`. Bulk alone runs under the receiver's window. */
export type Lane = 'control' | 'message' | 'bulk'

/** One packet as bytes. `head` is ours to copy; `payload` goes out by reference and must not change any more. */
export interface Frame {
  readonly head: Uint8Array
  readonly payload?: Uint8Array
  readonly lane: Lane
  /** head + payload. */
  readonly bytes: number
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
  /** Takes the next bytes. Everything of the chunk before must have been pulled. */
  push(chunk: Uint8Array): void
  /**
   * The next whole packet, or undefined when more bytes are needed.
   * @throws P2PNetError E_FRAME_INVALID, E_FRAME_TOO_LARGE: the stream is lost and the channel must close.
   */
  next(): NetworkPacket | undefined
  /** Bytes of bulk frames handed out since the last call; the receiver gives them back as credit. */
  takeBulk(): number
  /** Credit that the other side gave since the last call, in bytes. */
  takeCredit(): number
}

/** The `wire` capability. */
export interface Wire {
  readonly name: string
  createDecoder(limits: DecoderLimits): Decoder
  /** @throws P2PNetError E_PACKET_UNKNOWN, E_PACKET_INVALID, E_FRAME_TOO_LARGE */
  encode(packet: NetworkPacket): Frame
  /** A frame that gives the other side `bytes` of credit for bulk. Absent: this wire has no window. */
  encodeCredit?(bytes: number): Frame
}
