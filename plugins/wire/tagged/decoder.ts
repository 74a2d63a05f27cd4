/**
 * Chunks to packets: the scanner finds the elements, what is in them is looked at before it is parsed.
 */
import type { Decoder, DecoderLimits, NetworkPacket, PacketRegistry } from '../../../core/index.ts'
import { parseObject } from '../shared/json-object.ts'
import type { StandardType } from './elements.ts'
import { QuickMessages } from './quick-message.ts'
import { readPacket, type Json } from './read.ts'
import { Scanner } from './scanner.ts'

export interface DecoderOptions {
  readonly types: PacketRegistry
  readonly jsonDepth: number
}

export class TaggedDecoder implements Decoder {
  readonly #options: DecoderOptions
  readonly #scanner: Scanner
  readonly #quick = new QuickMessages()
  #limits: DecoderLimits
  #keepsUp = false

  constructor(limits: DecoderLimits, options: DecoderOptions) {
    this.#options = options
    this.#limits = limits
    this.#scanner = new Scanner(limits.frameBytes)
  }

  get limits(): DecoderLimits {
    return this.#limits
  }

  set limits(limits: DecoderLimits) {
    this.#limits = limits
    this.#scanner.limit = limits.frameBytes
  }

  /** A p2pnet node marks its packets. */
  get keepsUp(): boolean {
    return this.#keepsUp
  }

  push(chunk: Uint8Array): void {
    this.#scanner.push(chunk)
  }

  next(): NetworkPacket | undefined {
    const type = this.#scanner.next()?.type
    if (type === undefined) return undefined
    const { body } = this.#scanner
    this.#scanner.body = ''
    return (type === 'PureMessage' ? this.#quick.read(body) : undefined) ?? this.#read(body, type)
  }

  #read(body: string, type: StandardType): NetworkPacket {
    const { types, jsonDepth } = this.#options
    const json = parse(body, type, jsonDepth)
    if (json.p2pnet !== undefined && json.p2pnet !== null) this.#keepsUp = true
    const packet = readPacket(type, json, types)
    if (type === 'PureMessage') this.#quick.learn(packet.sourceOriginIdentifier)
    return packet
  }

  /** This wire has no window. */
  takeBulk(): number {
    return 0
  }

  takeCredit(): number {
    return 0
  }
}

/** The fields of a type of ours stand one level further down. @throws P2PNetError E_FRAME_INVALID */
export function parse(body: string, what: StandardType, depth: number): Json {
  return parseObject(body, what, depth, 1)
}
