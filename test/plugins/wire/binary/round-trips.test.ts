import { expect } from 'chai'
import fc from 'fast-check'
import { piecesOf, type DataTransmissionPacket, type NetworkPacket } from '../../../../core/index.ts'
import { anyBytes, anyName, cut, packetsOf } from '../../../support/any-packet.ts'
import { bytesOf, openWire, own, pull } from '../../../support/wire-codec.ts'

/** Any text of Unicode; half a surrogate pair is none, and arrives as U+FFFD. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => Buffer.from(String.fromCharCode(...units)).toString()),
)
const number = fc.double({ noNaN: true, noDefaultInfinity: true })

const types = packetsOf({
  text,
  free: text,
  payload: anyBytes,
  port: fc.integer({ min: 1, max: 65535 }),
  number,
  time: number.map((value) => value + 0),
  identifier: fc.oneof(fc.constant(own), anyName(text)),
})

/** What arrives: the sender's own name is left to the channel, and JSON knows no -0. */
function asReceived(packet: Record<string, unknown>): Record<string, unknown> {
  const received = Object.fromEntries(
    Object.entries(packet).map(([key, value]) => [key, value === 0 && key !== 'sourceOriginTime' ? 0 : value]),
  )
  if (packet.type !== 'Identifier' && packet.sourceOriginIdentifier === own) delete received.sourceOriginIdentifier
  return received
}

describe('a packet that is encoded and decoded', () => {
  const wire = openWire()
  const limits = { frameBytes: 1_048_576 }

  for (const [type, arbitrary] of Object.entries(types))
    it(`is the same again, however its bytes are cut: ${type}`, () => {
      fc.assert(
        fc.property(fc.array(arbitrary, { minLength: 1, maxLength: 4 }), fc.array(fc.nat()), (packets, places) => {
          const decoder = wire.createDecoder(limits)
          const all = Buffer.concat(packets.map((packet) => bytesOf(wire, packet)))
          const received = cut(all, places).flatMap((chunk) => pull(decoder, chunk))
          expect(received).to.deep.equal(packets.map(asReceived))
        }),
        { numRuns: 900, seed: 1 },
      )
    })

  it('is the same again byte by byte, whatever the mixture', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(...Object.values(types)), { maxLength: 5 }), (packets) => {
        const decoder = wire.createDecoder(limits)
        const all = Buffer.concat(packets.map((packet) => bytesOf(wire, packet)))
        const received = [...all].flatMap((byte) => pull(decoder, Uint8Array.of(byte)))
        expect(received).to.deep.equal(packets.map(asReceived))
      }),
      { numRuns: 300, seed: 2 },
    )
  })

  it('carries large payloads whole, wherever they are cut', () => {
    const filled = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff))
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0, 300, 32_767, 32_768, 70_000), { minLength: 1, maxLength: 4 }),
        fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 70_000 })), { minLength: 1 }),
        fc.constantFrom('DataTransmission', 'Forecast'),
        (lengths, cuts, type) => {
          const packets = lengths.map((length) =>
            type === 'Forecast'
              ? { type, celsius: length, map: filled(length) }
              : { type, dataType: 'File', data: filled(length) },
          )
          const all = Buffer.concat(packets.map((packet) => bytesOf(wire, packet)))
          const decoder = wire.createDecoder(limits)
          const received: unknown[] = []
          // Small cuts for a while, then what is left in large ones: the whole in single bytes is another test's.
          for (let at = 0, i = 0; at < all.byteLength; i++) {
            const size = i < 200 ? (cuts[i % cuts.length] ?? 1) : 50_000
            received.push(...pull(decoder, Buffer.from(all.subarray(at, at + size))))
            at += size
          }
          expect(received).to.deep.equal(packets)
        },
      ),
      { numRuns: 120, seed: 3 },
    )
  })

  it('copies nothing of a large payload: it arrives as views of the chunks', () => {
    const all = bytesOf(wire, { type: 'DataTransmission', dataType: 'File', data: Buffer.alloc(100_000, 7) })
    const [whole] = pull(wire.createDecoder(limits), all) as unknown as { data: Buffer }[]
    expect(whole?.data.buffer).to.equal(all.buffer)
    const decoder = wire.createDecoder(limits)
    pull(decoder, all.subarray(0, 50_000))
    const [cut] = pull(decoder, all.subarray(50_000)) as unknown as DataTransmissionPacket[]
    const pieces = piecesOf(cut!, 'data')
    expect(pieces.map(({ byteLength }) => byteLength)).to.deep.equal([49_979, 50_021])
    expect(pieces.every(({ buffer }) => buffer === all.buffer)).to.equal(true)
    expect(cut!.data).to.deep.equal(whole!.data)
  })

  it('keeps nothing of small reads alive but their bytes', () => {
    const decoder = wire.createDecoder(limits)
    const all = bytesOf(wire, { type: 'DataTransmission', dataType: 'File', data: Buffer.alloc(100_000, 7) })
    const received: NetworkPacket[] = []
    for (let at = 0; at < all.byteLength; at += 1000) received.push(...pull(decoder, all.subarray(at, at + 1000)))
    const pieces = piecesOf(received[0] as DataTransmissionPacket, 'data')
    expect(pieces.every(({ buffer }) => buffer !== all.buffer)).to.equal(true)
    expect(pieces.length).to.be.below(10)
    const memory = new Set(pieces.map(({ buffer }) => buffer))
    expect([...memory].reduce((sum, { byteLength }) => sum + byteLength, 0)).to.be.below(120_000)
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
