/**
 * The packet types that a node knows: what plugins registered, each with a compiled schema and its lane.
 */
import { P2PNetError } from '../errors.ts'
import { validatorOf, type JsonSchema, type Validator } from '../validators.ts'
import type { NetworkPacket } from './packet.ts'
import type { Lane } from './wire.ts'

export interface PacketTypeOptions<P extends NetworkPacket = NetworkPacket> {
  /** Default `message`. A function decides packet by packet. */
  readonly lane?: Lane | ((packet: P) => Lane)
}

export interface PacketType {
  readonly name: string
  readonly schema: JsonSchema
  readonly validate: Validator
  /** The field that travels as raw bytes, never as text: the one marked `"bytes": true` in the schema. */
  readonly bytesField: string | undefined
  laneOf(packet: NetworkPacket): Lane
}

/** What wires and plugins see of the registry. */
export interface PacketRegistry {
  get(type: string): PacketType | undefined
  readonly types: Iterable<PacketType>
}

export function createPacketType(name: string, schema: JsonSchema, options: PacketTypeOptions = {}): PacketType {
  const bytesFields = Object.entries(schema.properties ?? {}).filter(([, field]) => field.bytes === true)
  if (bytesFields.length > 1)
    throw new P2PNetError('E_PACKET_INVALID', `packet type ${name}: one field at most may be marked "bytes"`)
  const lane = options.lane ?? 'message'
  return {
    name,
    schema,
    validate: validatorOf(schema, 'packet'),
    bytesField: bytesFields[0]?.[0],
    laneOf: typeof lane === 'function' ? lane : () => lane,
  }
}

/** The first thing that is wrong, in words: `/peers/3/port must be integer`. */
export function describeErrors(validate: Validator): string {
  const error = validate.errors?.[0]
  if (error === undefined) return 'unknown'
  return `${error.instancePath === '' ? 'it' : error.instancePath} ${error.message ?? error.keyword}`
}
