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
} from '../../../core/index.ts'
import { elements, isStandard, type Element } from './elements.ts'
import { checkDataType, mark, PacketWriter } from './write.ts'

export interface EncoderOptions {
  readonly types: PacketRegistry
  /** Largest element, its tags and a mark included. */
  readonly frameBytes: number
}

/** From here on an element travels by reference; a copy of less is cheaper than another buffer in the write. */
const byReference = 4096

export class TaggedEncoder {
  readonly #options: EncoderOptions
  readonly #writer = new PacketWriter()

  constructor(options: EncoderOptions) {
    this.#options = options
  }

  /** @throws P2PNetError E_PACKET_UNKNOWN, E_PACKET_INVALID, E_FRAME_TOO_LARGE */
  encode(packet: NetworkPacket): Frame {
    const type = this.#options.types.get(packet.type)
    if (type === undefined)
      throw new P2PNetError('E_PACKET_UNKNOWN', `no plugin registers the packet type ${packet.type}`)
    const { element, json } = this.#json(packet, type.bytesField)
    const text = `${element.open}${json}}${element.close}`
    this.#check(packet.type, text.length)
    return new ElementFrame(text, element, type.laneOf(packet))
  }

  /** The JSON alone, without tags: what the original broadcasts. @throws P2PNetError as encode */
  bare(packet: NetworkPacket): Uint8Array {
    const json = this.#json(packet, this.#options.types.get(packet.type)?.bytesField).json
    return Buffer.from(`${json}${json.includes('"p2pnet":') ? '' : mark}}`, 'latin1')
  }

  #json(packet: NetworkPacket, bytesField: string | undefined): { element: Element; json: string } {
    const { type } = packet
    if (!isStandard(type)) {
      this.#checkBytes(packet, bytesField)
      return { element: elements.DataTransmission, json: this.#writer.other(packet, bytesField) }
    }
    if (type === 'DataTransmission') {
      checkDataType(packet as DataTransmissionPacket)
      this.#checkBytes(packet, 'data')
    }
    return { element: elements[type], json: this.#writer.standard(type, packet) }
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

class ElementFrame implements Frame {
  readonly head: Uint8Array
  readonly payload?: Uint8Array
  readonly lane: Lane
  readonly bytes: number
  readonly #element: Element

  /** `text` is ASCII. */
  constructor(text: string, element: Element, lane: Lane) {
    this.lane = lane
    this.bytes = text.length
    this.#element = element
    if (text.length < byReference) this.head = Buffer.from(text, 'latin1')
    else {
      this.head = Buffer.from(element.open, 'latin1')
      this.payload = Buffer.from(text.slice(element.open.length), 'latin1')
    }
  }

  opening(): Frame {
    const whole = this.payload === undefined ? this.head : Buffer.concat([this.head, this.payload])
    const text = Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength).toString('latin1')
    // The text of a field cannot look like this: its quotes are escaped.
    if (text.includes('"p2pnet":')) return this
    const end = text.length - this.#element.close.length - 1
    return new ElementFrame(`${text.slice(0, end)}${mark}${text.slice(end)}`, this.#element, this.lane)
  }
}
