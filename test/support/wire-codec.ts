/** The wire as a node has it, over the standard packet types and one of a third party, without a node. */
import type { Decoder, NetworkPacket, Wire } from '../../core/index.ts'
import packetsStandard from '../../plugins/packets/standard/index.ts'
import wireBinary from '../../plugins/wire/binary/index.ts'
import { fakeContext, resolveOptions } from './fake-context.ts'

/** What the encoder takes for its own identifier. */
export const own = 'me'

/** A type of a third party. */
export const forecast = {
  type: 'object',
  additionalProperties: false,
  required: ['type', 'celsius'],
  properties: {
    type: { const: 'Forecast' },
    sourceOriginIdentifier: { type: 'string' },
    sourceOriginTime: { type: 'number' },
    celsius: { type: 'number' },
    places: { type: 'array', items: { type: 'string' } },
    map: { bytes: true },
  },
} as const

const note = {
  type: 'object',
  additionalProperties: false,
  required: ['type', 'text'],
  properties: {
    type: { const: 'Note' },
    sourceOriginIdentifier: { type: 'string' },
    sourceOriginTime: { type: 'number' },
    text: { type: 'string' },
  },
} as const

export function openWire(options: Record<string, unknown> = {}): Wire {
  const fake = fakeContext()
  fake.node.identifier = own
  packetsStandard.setup(fake.ctx, resolveOptions(packetsStandard))
  fake.ctx.packets.register('Forecast', forecast, { lane: 'bulk' })
  fake.ctx.packets.register('Note', note)
  wireBinary.setup(fake.ctx, resolveOptions(wireBinary, options))
  return fake.provided.wire!
}

export function bytesOf(wire: Wire, packet: object): Buffer {
  const { head, payload = new Uint8Array() } = wire.encode(packet as NetworkPacket)
  return Buffer.concat([head, payload])
}

/** Everything that is whole by now. */
export function pull(decoder: Decoder, chunk: Uint8Array): NetworkPacket[] {
  const packets: NetworkPacket[] = []
  decoder.push(chunk)
  for (let packet = decoder.next(); packet !== undefined; packet = decoder.next()) packets.push(packet)
  return packets
}

export interface FrameParts {
  /** Default: as long as the frame is. */
  length?: number
  version?: number
  code?: number
  flags?: number
  reserved?: number
  /** Default: as long as the header is. */
  headerLength?: number
  time?: number
  header?: string | Uint8Array
  payload?: Uint8Array
}

/** A frame written by hand, from the table in layout.ts. */
export function frame(parts: FrameParts = {}): Buffer {
  const { version = 1, code = 0, flags = 0, reserved = 0, time = NaN } = parts
  const header = Buffer.from(parts.header ?? '{"type":"Note","text":"hi"}')
  const payload = parts.payload ?? new Uint8Array()
  const head = Buffer.alloc(20)
  head.writeUInt32BE(parts.length ?? 16 + header.byteLength + payload.byteLength, 0)
  head.set([version, code, flags, reserved], 4)
  head.writeUInt32BE(parts.headerLength ?? header.byteLength, 8)
  head.writeDoubleBE(time, 12)
  return Buffer.concat([head, header, payload])
}
