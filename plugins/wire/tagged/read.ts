/**
 * JSON to packet. Names are taken in PascalCase and in camelCase, in any order; null and what the original writes for
 * an unset field are absent; fields that nobody knows are skipped. What is of the wrong type goes on as it is, for the
 * packet's schema to refuse.
 */
import type { NetworkPacket, PacketRegistry } from '../../../core/index.ts'
import { invalid } from '../shared/invalid.ts'
import { dataTypes, isStandard, type StandardType } from './elements.ts'
import { bytesOf, untagged } from './payload.ts'
import { readTime } from './time.ts'

export type Json = Readonly<Record<string, unknown>>
type Fields = Record<string, unknown>

/** @throws P2PNetError E_FRAME_INVALID */
export function readPacket(standard: StandardType, json: Json, types: PacketRegistry): NetworkPacket {
  const extra = isObject(json.p2pnet) ? json.p2pnet : undefined
  const packet =
    standard === 'DataTransmission' && extra?.type !== undefined
      ? otherPacket(json, extra, types)
      : standardPacket(standard, json, extra)
  const origin = named(json.SourceOriginIdentifier ?? json.sourceOriginIdentifier)
  if (origin !== undefined) packet.sourceOriginIdentifier = origin
  const time = timeOf(json.SourceOriginTime ?? json.sourceOriginTime)
  if (time !== undefined) packet.sourceOriginTime = time
  return packet as unknown as NetworkPacket
}

function standardPacket(type: StandardType, json: Json, extra: Json = {}): Fields {
  switch (type) {
    case 'PureMessage': {
      const message = json.Message ?? json.message
      return message === null || message === undefined ? { type } : { type, message }
    }
    case 'DataTransmission': {
      const dataType = dataTypeOf(json.DataType ?? json.dataType)
      return { type, dataType, data: untagged(bytesOf(json.Data ?? json.data), dataType) }
    }
    case 'Identifier':
      return present({
        type,
        message: json.Message ?? json.message,
        data: json.Data ?? json.data,
        ip: json.IP ?? json.ip,
        network: extra.network ?? json.network,
      })
    case 'CollectionShare':
      return present({ type, data: extra.data ?? numberAsText(json.Data ?? json.data), peers: peersOf(json) })
    case 'Disconnect': {
      const port = json.Port ?? json.port
      return present({
        type,
        ip: json.IP ?? json.ip,
        port: port === 0 ? extra.port : port,
        timestamp: timeOf(json.Timestamp ?? json.timestamp),
        data: reasonOf(json.Data ?? json.data),
      })
    }
  }
}

/** A type of our own: its fields stand in `p2pnet`, its bytes where the payload of a data packet stands. */
function otherPacket(json: Json, extra: Fields, types: PacketRegistry): Fields {
  const { type } = extra
  if (typeof type !== 'string' || isStandard(type)) throw invalid('a data packet does not name its type')
  if (Object.hasOwn(extra, '__proto__')) throw invalid(`${type} has a field named __proto__`)
  if (extra.sourceOriginIdentifier !== undefined || extra.sourceOriginTime !== undefined)
    throw invalid(`the origin of ${type} stands among its fields`)
  const known = types.get(type)
  if (known === undefined) return extra
  const payload = untagged(bytesOf(json.Data ?? json.data), 'MiscData')
  const { bytesField } = known
  if (bytesField === undefined) {
    if (payload.byteLength > 0) throw invalid(`${type} has no payload`)
  } else if (extra[bytesField] !== undefined) throw invalid(`${bytesField} of ${type} stands among its fields`)
  else extra[bytesField] = payload
  return extra
}

/** A peer without a port was never filled in, and cannot be dialled. */
function peersOf(json: Json): unknown {
  const list = json.peers ?? json.Peers ?? []
  if (!Array.isArray(list)) return list
  return list
    .map((peer: unknown) =>
      isObject(peer)
        ? present({
            address: peer.Address ?? peer.address,
            port: peer.Port ?? peer.port,
            identifier: named(peer.Identifier ?? peer.identifier),
          })
        : peer,
    )
    .filter((peer) => !isObject(peer) || peer.port !== 0)
}

/** An identifier that is null or empty is none: the original has one only once it has made it. */
function named(identifier: unknown): unknown {
  return identifier === null || identifier === '' ? undefined : identifier
}

/** The original's Data of a PeerGroup is a number, 0 by itself. */
function numberAsText(value: unknown): unknown {
  if (typeof value !== 'number') return value
  return value === 0 ? undefined : String(value)
}

/** The original's Data of a Disconnect is a dictionary. */
function reasonOf(value: unknown): unknown {
  return isObject(value) ? (value.Reason ?? value.reason) : value
}

function dataTypeOf(value: unknown): unknown {
  return typeof value === 'number' ? (dataTypes[value] ?? value) : value
}

function timeOf(value: unknown): unknown {
  return typeof value === 'string' ? readTime(value) : (value ?? undefined)
}

/** Without what is null or undefined. */
function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null))
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
