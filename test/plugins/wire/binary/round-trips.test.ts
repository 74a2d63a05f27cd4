import { expect } from 'chai'
import fc from 'fast-check'
import { bytesOf, openWire, own, pull } from '../../../support/wire-codec.ts'

/** Any text of Unicode; half a surrogate pair is none, and arrives as U+FFFD. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => Buffer.from(String.fromCharCode(...units)).toString()),
)
const name = text.filter((value) => value.length > 0)
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const port = fc.integer({ min: 1, max: 65535 })
const number = fc.double({ noNaN: true, noDefaultInfinity: true })

const origin = {
  sourceOriginIdentifier: fc.oneof(fc.constant(own), name),
  sourceOriginTime: number,
}
const types = {
  Identifier: fc.record(
    { type: fc.constant('Identifier'), data: port, message: text, ip: text, network: text, ...origin },
    { requiredKeys: ['type', 'data'] },
  ),
  Disconnect: fc.record(
    { type: fc.constant('Disconnect'), ip: text, port, timestamp: number.map((n) => n + 0), data: text, ...origin },
    { requiredKeys: ['type'] },
  ),
  CollectionShare: fc.record(
    {
      type: fc.constant('CollectionShare'),
      data: text,
      peers: fc.array(fc.record({ address: name, port, identifier: name }, { requiredKeys: ['address', 'port'] })),
      ...origin,
    },
    { requiredKeys: ['type', 'peers'] },
  ),
  DataTransmission: fc.record(
    {
      type: fc.constant('DataTransmission'),
      dataType: fc.constantFrom('File', 'Task', 'MiscData'),
      data: bytes,
      ...origin,
    },
    { requiredKeys: ['type', 'dataType', 'data'] },
  ),
  PureMessage: fc.record(
    { type: fc.constant('PureMessage'), message: text, ...origin },
    { requiredKeys: ['type', 'message'] },
  ),
  Forecast: fc.record(
    { type: fc.constant('Forecast'), celsius: number, places: fc.array(text), map: bytes, ...origin },
    { requiredKeys: ['type', 'celsius', 'map'] },
  ),
}

/** What arrives: the sender's own name is left to the channel, and JSON knows no -0. */
function asReceived(packet: Record<string, unknown>): Record<string, unknown> {
  const received = Object.fromEntries(
    Object.entries(packet).map(([key, value]) => [key, value === 0 && key !== 'sourceOriginTime' ? 0 : value]),
  )
  if (packet.type !== 'Identifier' && packet.sourceOriginIdentifier === own) delete received.sourceOriginIdentifier
  return received
}

/** Cuts bytes at these places, taken round their length. */
function cut(all: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (all.byteLength + 1)), all.byteLength].sort((a, b) => a - b)
  return at.slice(1).map((end, i) => all.subarray(at[i], end))
}

describe('a packet that is encoded and decoded', () => {
  const wire = openWire()
  const limits = { frameBytes: 1_048_576 }

  for (const [type, arbitrary] of Object.entries(types))
    it(`is the same again, however its bytes are cut: ${type}`, () => {
      fc.assert(
        fc.property(
          fc.array(arbitrary as fc.Arbitrary<Record<string, unknown>>, { minLength: 1, maxLength: 4 }),
          fc.array(fc.nat()),
          (packets, places) => {
            const decoder = wire.createDecoder(limits)
            const all = Buffer.concat(packets.map((packet) => bytesOf(wire, packet)))
            const received = cut(all, places).flatMap((chunk) => pull(decoder, chunk))
            expect(received).to.deep.equal(packets.map(asReceived))
          },
        ),
        { numRuns: 900, seed: 1 },
      )
    })

  it('is the same again byte by byte, whatever the mixture', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(...Object.values(types)) as fc.Arbitrary<Record<string, unknown>>, { maxLength: 5 }),
        (packets) => {
          const decoder = wire.createDecoder(limits)
          const all = Buffer.concat(packets.map((packet) => bytesOf(wire, packet)))
          const received = [...all].flatMap((byte) => pull(decoder, Uint8Array.of(byte)))
          expect(received).to.deep.equal(packets.map(asReceived))
        },
      ),
      { numRuns: 300, seed: 2 },
    )
  })

  it('costs one copy of the payload at most: none if the frame came in one chunk', () => {
    const decoder = wire.createDecoder(limits)
    const all = bytesOf(wire, { type: 'DataTransmission', dataType: 'File', data: Buffer.alloc(100_000, 7) })
    const [whole] = pull(decoder, all) as unknown as { data: Buffer }[]
    expect(whole?.data.buffer).to.equal(all.buffer)
    pull(decoder, all.subarray(0, 50_000))
    const [pieced] = pull(decoder, all.subarray(50_000)) as unknown as { data: Buffer }[]
    expect(pieced?.data.equals(whole?.data ?? Buffer.alloc(0))).to.equal(true)
  })

  it('goes out with its payload by reference, in the lane of its type', () => {
    const data = Buffer.alloc(10_000)
    const file = wire.encode({ type: 'DataTransmission', dataType: 'File', data } as never)
    expect(file.payload).to.equal(data)
    expect(file.lane).to.equal('bulk')
    expect(wire.encode({ type: 'DataTransmission', dataType: 'Task', data } as never).lane).to.equal('message')
    expect(wire.encode({ type: 'Disconnect' }).lane).to.equal('control')
  })
})
