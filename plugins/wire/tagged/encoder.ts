/**
 * Packet to element. An element holds nothing of the channel, so it is encoded once for all; what differs is the first
 * one of a channel, which says that a p2pnet node speaks.
 */
import {
  P2PNetError,
  type DataTransmissionPacket,
  type Frame,
  type Lane,
  type NetworkPacket,
  type PacketRegistry,
  type Stamp,
} from '../../../core/index.ts'
import { Arena } from '../shared/arena.ts'
import { SlabFrame } from '../shared/slab-frame.ts'
import { elements, isStandard, type Element } from './elements.ts'
import { checkDataType, mark, PacketWriter } from './write.ts'

export interface EncoderOptions {
  readonly types: PacketRegistry
  /** Largest element, its tags and a mark included. */
  readonly frameBytes: number
}

export class TaggedEncoder {
  readonly #options: EncoderOptions
  readonly #writer = new PacketWriter()
  readonly #arena = new Arena()

  constructor(options: EncoderOptions) {
    this.#options = options
  }

  /** @throws P2PNetError E_PACKET_UNKNOWN, E_PACKET_INVALID, E_FRAME_TOO_LARGE */
  encode(packet: NetworkPacket, stamp?: Stamp): Frame {
    const type = this.#options.types.get(packet.type)
    if (type === undefined)
      throw new P2PNetError('E_PACKET_UNKNOWN', `no plugin registers the packet type ${packet.type}`)
    const element = isStandard(packet.type) ? elements[packet.type] : elements.DataTransmission
    const text = `${element.open}${this.#json(packet, type.bytesField, stamp)}}${element.close}`
    this.#check(packet.type, text.length)
    const slab = this.#arena.room(text.length)
    const from = slab.at
    slab.at += slab.bytes.write(text, from, 'latin1')
    return new ElementFrame(slab.bytes.buffer, from, slab.at, type.laneOf(packet), element)
  }

  /** The JSON alone, without tags: what the original broadcasts. @throws P2PNetError as encode */
  bare(packet: NetworkPacket): Uint8Array {
    const json = this.#json(packet, this.#options.types.get(packet.type)?.bytesField)
    return Buffer.from(isMarked(json) ? `${json}}` : `${json}${mark}}`, 'latin1')
  }

  /** ASCII, without the last brace. */
  #json(packet: NetworkPacket, bytesField: string | undefined, stamp?: Stamp): string {
    const { type } = packet
    if (!isStandard(type)) {
      this.#checkBytes(packet, bytesField)
      return this.#writer.other(packet, bytesField, stamp)
    }
    if (type === 'DataTransmission') {
      checkDataType(packet as DataTransmissionPacket)
      this.#checkBytes(packet, 'data')
    }
    return this.#writer.standard(type, packet, stamp)
  }

  /** What is too long as base64 alone is not turned into it first. */
  #checkBytes(packet: NetworkPacket, bytesField: string | undefined): void {
    const bytes = bytesField === undefined ? undefined : (packet as unknown as Record<string, Uint8Array>)[bytesField]
    if (bytes !== undefined) this.#check(packet.type, Math.ceil(bytes.byteLength / 3) * 4)
  }

  #check(type: string, bytes: number): void {
    const { frameBytes } = this.#options
    if (bytes + mark.length <= frameBytes) return
    throw new P2PNetError('E_FRAME_TOO_LARGE', `${type} takes ${bytes} bytes, of ${frameBytes - mark.length}`)
  }
}

class ElementFrame extends SlabFrame {
  readonly #element: Element

  constructor(memory: ArrayBufferLike, from: number, to: number, lane: Lane, element: Element) {
    super(memory, from, to, lane)
    this.#element = element
  }

  opening(): Frame {
    const text = this.head.toString('latin1')
    if (isMarked(text)) return this
    const end = text.length - this.#element.close.length - 1
    const { buffer, byteOffset, byteLength } = Buffer.from(`${text.slice(0, end)}${mark}${text.slice(end)}`, 'latin1')
    return new ElementFrame(buffer, byteOffset, byteOffset + byteLength, this.lane, this.#element)
  }
}

/** The text of a field cannot look like this: its quotes are escaped. */
function isMarked(json: string): boolean {
  return json.includes('"p2pnet":')
}
