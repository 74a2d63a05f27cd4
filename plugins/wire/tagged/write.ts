/**
 * Packet to JSON, field for field as System.Text.Json writes the original's packet classes: names in the order of their
 * declaration, the base class last, null for what is absent. What the original has no field for stands in one more at
 * the very end, `p2pnet`, which it skips.
 */
import {
  P2PNetError,
  type CollectionSharePacket,
  type DataTransmissionPacket,
  type DisconnectPacket,
  type IdentifierPacket,
  type NetworkPacket,
  type PureMessagePacket,
  type Stamp,
} from '../../../core/index.ts'
import { dataTypes, type StandardType } from './elements.ts'
import { tagged } from './payload.ts'
import { plainJson, quoted, quotedOrNull } from './text.ts'
import { timeWriter, type TimeWriter } from './time.ts'

/** Writes JSON without its last brace, so that a mark can follow. Keeps the text of the last second. */
export class PacketWriter {
  readonly #time: TimeWriter = timeWriter()

  standard(type: StandardType, packet: NetworkPacket, stamp?: Stamp): string {
    const origin = this.#origin(packet, stamp)
    switch (type) {
      case 'PureMessage':
        return `{"Message":${quoted((packet as PureMessagePacket).message)}${origin}`
      case 'DataTransmission': {
        const { data, dataType } = packet as DataTransmissionPacket
        return `{"Data":"${tagged(data, dataType)}","DataType":${dataTypes.indexOf(dataType)}${origin}`
      }
      case 'Identifier': {
        const { message, data, ip, network } = packet as IdentifierPacket
        const fields = `{"Message":${quotedOrNull(message)},"Data":${data},"IP":${quotedOrNull(ip)}`
        return fields + origin + extra(network !== undefined && { network })
      }
      case 'CollectionShare':
        return collectionShare(packet as CollectionSharePacket, origin)
      case 'Disconnect':
        return this.#disconnect(packet as DisconnectPacket, origin)
    }
  }

  /** A type that the original does not know: a data packet of the kind that it takes and throws away. */
  other(packet: NetworkPacket, bytesField: string | undefined, stamp?: Stamp): string {
    const elsewhere = ['sourceOriginIdentifier', 'sourceOriginTime', bytesField]
    const fields = Object.entries(packet).filter(([name]) => !elsewhere.includes(name))
    const bytes = bytesField === undefined ? undefined : (packet as OtherPacket)[bytesField]
    const data = tagged((bytes as Uint8Array | undefined) ?? new Uint8Array(), 'MiscData')
    const start = `{"Data":"${data}","DataType":${dataTypes.indexOf('MiscData')}`
    return start + this.#origin(packet, stamp) + extra(Object.fromEntries(fields))
  }

  #disconnect(packet: DisconnectPacket, origin: string): string {
    const { ip, port, timestamp, data } = packet
    // The original's Data is a dictionary of strings.
    const reason = data === undefined ? '{}' : `{"Reason":${quoted(data)}}`
    const fields = `{"IP":${quotedOrNull(ip)},"Port":${port ?? 0},"Timestamp":"${this.#time(timestamp)}","Data":${reason}`
    return fields + origin + extra(port === 0 && { port })
  }

  /** The fields of the base class. */
  #origin({ sourceOriginIdentifier, sourceOriginTime }: NetworkPacket, stamp: Stamp | undefined): string {
    // A node that is nobody yet has an empty name.
    const own = stamp?.identifier === '' ? undefined : stamp?.identifier
    const identifier = quotedOrNull(sourceOriginIdentifier ?? own)
    const time = this.#time(sourceOriginTime ?? stamp?.time)
    return `,"SourceOriginIdentifier":${identifier},"SourceOriginTime":"${time}"`
  }
}

function collectionShare({ data, peers }: CollectionSharePacket, origin: string): string {
  // The original's Data is a number.
  const isNumber = data !== undefined && data !== '0' && String(Number(data) | 0) === data
  const list = peers.map(
    ({ address, port, identifier }) =>
      `{"$type":"GenericPeer","Port":${port},"Address":${quoted(address)},"Identifier":${quotedOrNull(identifier)}}`,
  )
  const fields = `{"Data":${isNumber ? data : 0},"peers":[${list.join(',')}]`
  return fields + origin + extra(data !== undefined && !isNumber && { data })
}

type OtherPacket = NetworkPacket & Record<string, unknown>

/** How every packet says that a p2pnet node sent it, if it has nothing else to say there. */
export const mark = ',"p2pnet":{}'

function extra(fields: object | false): string {
  return fields === false ? '' : `,"p2pnet":${plainJson(fields)}`
}

/** @throws P2PNetError E_PACKET_INVALID */
export function checkDataType({ dataType }: DataTransmissionPacket): void {
  if (!dataTypes.includes(dataType))
    throw new P2PNetError('E_PACKET_INVALID', `${JSON.stringify(dataType)} is no type of data`)
}
