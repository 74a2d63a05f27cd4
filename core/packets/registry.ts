/**
 * The packet types that a node knows: what plugins registered, each with a compiled schema and its lane.
 */
import { P2PNetError } from '../errors.ts'
import { validatorOf, type JsonSchema, type SchemaError, type Validator } from '../validators.ts'
import type { NetworkPacket } from './packet.ts'
import { isInPieces } from './pieces.ts'
import type { Lane } from './wire.ts'

export interface PacketTypeOptions<P extends NetworkPacket = NetworkPacket> {
  /** Default `message`. A function decides packet by packet. */
  readonly lane?: Lane | ((packet: P) => Lane)
  /**
   * For handshakes, where every byte counts and nobody is anybody yet: neither origin nor time go along, none are filled
   * in, and a packet that does not fit the schema closes the channel at once.
   */
  readonly bare?: boolean
}

export interface PacketType {
  readonly name: string
  readonly schema: JsonSchema
  readonly validate: Validator
  /** The field that travels as raw bytes, never as text: the one marked `"bytes": true` in the schema. */
  readonly bytesField: string | undefined
  /** Without origin and time. */
  readonly bare: boolean
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
  const bytesField = bytesFields[0]?.[0]
  const fields = validatorOf(schema, 'packet')
  return {
    name,
    schema,
    validate: bytesField === undefined ? fields : withBytes(fields, bytesField, schema.required ?? []),
    bytesField,
    bare: options.bare === true,
    laneOf: typeof lane === 'function' ? lane : () => lane,
  }
}

/** The compiled schema leaves the raw bytes out, because to look at them is to put them together (pieces.ts). */
function withBytes(fields: Validator, field: string, required: readonly string[]): Validator {
  const wrong = (instancePath: string, keyword: string, message: string): SchemaError[] => [
    { instancePath, keyword, message, schemaPath: `#/properties/${field}`, params: {} },
  ]
  const validate: Validator = (packet) => {
    if (!fields(packet)) {
      validate.errors = fields.errors ?? null
      return false
    }
    if (isInPieces(packet as object)) return true
    const bytes = (packet as Record<string, unknown>)[field]
    if (bytes instanceof Uint8Array || (bytes === undefined && !required.includes(field))) return true
    validate.errors =
      bytes === undefined
        ? wrong('', 'required', `must have required property '${field}'`)
        : wrong(`/${field}`, 'bytes', 'must be a Uint8Array')
    return false
  }
  return validate
}

/** The first thing that is wrong, in words: `/peers/3/port must be integer`. */
export function describeErrors(validate: Validator): string {
  const error = validate.errors?.[0]
  if (error === undefined) return 'unknown'
  return `${error.instancePath === '' ? 'it' : error.instancePath} ${error.message ?? error.keyword}`
}
