/** Packets of every type, as fast-check makes them: whatever a node may send, within what both wires can say. */
import fc from 'fast-check'

/** Any text that is Unicode; half a surrogate pair arrives as U+FFFD from the original. */
const text = fc.string({ unit: 'binary' })
const name = text.filter((value) => value.length > 0)
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const port = fc.integer({ min: 1, max: 65_535 })
/** The original has the years 1 to 9999. */
const time = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 })
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
/** Payloads that look like what they are wrapped in. */
const payload = fc.oneof(
  bytes,
  fc
    .array(fc.constantFrom('<File>', '</File>', '<Task>', '</MiscData>', '<MiscData>', '</DataTransmit>', 'x'))
    .map((parts) => Buffer.from(parts.join(''))),
)
/** Text that looks like an element, or like a field of ours. */
const wild = fc.oneof(
  text,
  fc.constantFrom('</Message>', '<Message>{}</Message>', '","p2pnet":{"type":"x"},"a":"', '0', '-7', '007'),
)

const origin = { sourceOriginIdentifier: name, sourceOriginTime: time }

export const packets = {
  Identifier: fc.record(
    {
      type: fc.constant('Identifier'),
      data: fc.integer({ min: 0, max: 65_535 }),
      message: wild,
      ip: text,
      network: wild,
      ...origin,
    },
    { requiredKeys: ['type', 'data'] },
  ),
  Disconnect: fc.record(
    {
      type: fc.constant('Disconnect'),
      ip: text,
      port: fc.integer({ min: 0, max: 65_535 }),
      timestamp: time,
      data: wild,
      ...origin,
    },
    { requiredKeys: ['type'] },
  ),
  CollectionShare: fc.record(
    {
      type: fc.constant('CollectionShare'),
      data: wild,
      peers: fc.array(fc.record({ address: name, port, identifier: name }, { requiredKeys: ['address', 'port'] })),
      ...origin,
    },
    { requiredKeys: ['type', 'peers'] },
  ),
  DataTransmission: fc.record(
    {
      type: fc.constant('DataTransmission'),
      dataType: fc.constantFrom('File', 'Task', 'MiscData'),
      data: payload,
      ...origin,
    },
    { requiredKeys: ['type', 'dataType', 'data'] },
  ),
  PureMessage: fc.record(
    { type: fc.constant('PureMessage'), message: wild, ...origin },
    { requiredKeys: ['type', 'message'] },
  ),
  Forecast: fc.record(
    { type: fc.constant('Forecast'), celsius: number, places: fc.array(wild), map: payload, ...origin },
    { requiredKeys: ['type', 'celsius', 'map'] },
  ),
} as unknown as Record<string, fc.Arbitrary<Record<string, unknown>>>

export const anyPacket = fc.oneof(...Object.values(packets))
