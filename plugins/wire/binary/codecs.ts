/**
 * How the standard types write their fields. The first byte says which of the optional fields follow, one bit each in
 * the order of the table in layout.ts; a bit that means nothing is refused.
 */
import type {
  CollectionSharePacket,
  DataTransmissionPacket,
  DataType,
  DisconnectPacket,
  IdentifierPacket,
  NetworkPacket,
} from '../../../core/index.ts'
import { invalid } from '../shared/invalid.ts'
import type { FieldReader, FieldWriter } from './fields.ts'

type Fields<P extends NetworkPacket> = { -readonly [K in keyof P]?: P[K] }

/** Fields other than type, time, origin and raw bytes. */
export interface FieldCodec<P extends NetworkPacket = never> {
  write(packet: P, out: FieldWriter): void
  read(fields: FieldReader, into: Fields<P>): void
}

const dataTypes: readonly DataType[] = ['File', 'Task', 'MiscData']

const identifier: FieldCodec<IdentifierPacket> = {
  write({ data, message, ip, network }, out) {
    out.u8(presence(message, ip, network))
    out.u16(data)
    for (const text of [message, ip, network]) if (text !== undefined) out.text(text)
  },
  read(fields, into) {
    const present = presenceOf(fields, 3)
    into.data = fields.u16()
    if (present & 1) into.message = fields.text()
    if (present & 2) into.ip = fields.text()
    if (present & 4) into.network = fields.text()
  },
}

const disconnect: FieldCodec<DisconnectPacket> = {
  write({ ip, port, timestamp, data }, out) {
    out.u8(presence(ip, port, timestamp, data))
    if (ip !== undefined) out.text(ip)
    if (port !== undefined) out.u16(port)
    if (timestamp !== undefined) out.f64(timestamp)
    if (data !== undefined) out.text(data)
  },
  read(fields, into) {
    const present = presenceOf(fields, 4)
    if (present & 1) into.ip = fields.text()
    if (present & 2) into.port = fields.u16()
    if (present & 4) into.timestamp = fields.f64()
    if (present & 8) into.data = fields.text()
  },
}

const collectionShare: FieldCodec<CollectionSharePacket> = {
  write({ data, peers }, out) {
    out.u8(presence(data))
    if (data !== undefined) out.text(data)
    out.u32(peers.length)
    for (const { address, port, identifier: name } of peers) {
      out.u8(presence(name))
      out.text(address)
      out.u16(port)
      if (name !== undefined) out.text(name)
    }
  },
  read(fields, into) {
    if (presenceOf(fields, 1) & 1) into.data = fields.text()
    const count = fields.u32()
    // The shortest peer takes five bytes: what cannot be there is not made room for.
    if (count > fields.left / 5) throw invalid('the list is longer than its header')
    const peers: { address: string; port: number; identifier?: string }[] = []
    for (let i = 0; i < count; i++) {
      const present = presenceOf(fields, 1)
      const peer: { address: string; port: number; identifier?: string } = {
        address: fields.text(),
        port: fields.u16(),
      }
      if (present & 1) peer.identifier = fields.text()
      peers.push(peer)
    }
    into.peers = peers
  },
}

const dataTransmission: FieldCodec<DataTransmissionPacket> = {
  write({ dataType }, out) {
    out.u8(dataTypes.indexOf(dataType))
  },
  read(fields, into) {
    const dataType = dataTypes[fields.u8()]
    if (dataType === undefined) throw invalid('the data type is unknown')
    into.dataType = dataType
  },
}

/** By type code; PureMessage has no fields, its message is the payload. */
export const codecs: readonly (FieldCodec | undefined)[] = [
  undefined,
  identifier,
  disconnect,
  collectionShare,
  dataTransmission,
] as readonly (FieldCodec | undefined)[]

function presence(...optional: unknown[]): number {
  return optional.reduce<number>((bits, value, i) => (value === undefined ? bits : bits | (1 << i)), 0)
}

function presenceOf(fields: FieldReader, known: number): number {
  const bits = fields.u8()
  if (bits >> known !== 0) throw invalid('a field is present that the type does not have')
  return bits
}
