/** Packets of every type, within what both wires can say. */
import fc from 'fast-check'
import { anyBytes, anyName, packetsOf } from '../../../support/any-packet.ts'

/** Any text that is Unicode; half a surrogate pair arrives as U+FFFD from the original. */
const text = fc.string({ unit: 'binary' })

export const packets = packetsOf({
  text,
  /** Text that looks like an element, or like a field of ours. */
  free: fc.oneof(
    text,
    fc.constantFrom('</Message>', '<Message>{}</Message>', '","p2pnet":{"type":"x"},"a":"', '0', '-7', '007'),
  ),
  /** Payloads that look like what they are wrapped in. */
  payload: fc.oneof(
    anyBytes,
    fc
      .array(fc.constantFrom('<File>', '</File>', '<Task>', '</MiscData>', '<MiscData>', '</DataTransmit>', 'x'))
      .map((parts) => Buffer.from(parts.join(''))),
  ),
  port: fc.integer({ min: 0, max: 65_535 }),
  number: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  /** The original has the years 1 to 9999. */
  time: fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
  identifier: anyName(text),
})

export const anyPacket = fc.oneof(...Object.values(packets))
