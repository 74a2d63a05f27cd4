import { expect } from 'chai'
import { bytesOf, openWire, pull } from '../../../support/wire-codec.ts'

/** Frames written down by hand from the table in plugins/wire/binary/layout.ts. Time 1000 is 408f4000 00000000. */
const golden: { what: string; packet: Record<string, unknown>; bytes: string[] }[] = [
  {
    what: 'Identifier, which always carries its name',
    packet: { type: 'Identifier', data: 9, network: 'n', sourceOriginIdentifier: 'me', sourceOriginTime: 1000 },
    // origin "me" · which: the third · port 9 · network "n"
    bytes: ['0000001a', '01', '01', '02', '00', '0000000a', '408f400000000000', '00026d65', '04', '0009', '00016e'],
  },
  {
    what: 'Disconnect',
    packet: { type: 'Disconnect', port: 80, data: 'E_X: bye', sourceOriginTime: 1000 },
    bytes: ['0000001d', '01', '02', '00', '00', '0000000d', '408f400000000000', '0a', '0050', '0008455f583a20627965'],
  },
  {
    what: 'CollectionShare',
    packet: {
      type: 'CollectionShare',
      peers: [
        { address: 'a', port: 1 },
        { address: 'b', port: 2, identifier: 'c' },
      ],
      sourceOriginTime: 1000,
    },
    bytes: [
      ...['00000024', '01', '03', '00', '00', '00000014', '408f400000000000', '00', '00000002'],
      ...['00', '000161', '0001', '01', '000162', '0002', '000163'],
    ],
  },
  {
    what: 'DataTransmission of a file, which is bulk',
    packet: { type: 'DataTransmission', dataType: 'File', data: Buffer.from([1, 2, 3]), sourceOriginTime: 1000 },
    bytes: ['00000014', '01', '04', '01', '00', '00000001', '408f400000000000', '00', '010203'],
  },
  {
    what: 'DataTransmission of anything else, which is not',
    packet: { type: 'DataTransmission', dataType: 'Task', data: Buffer.from([255]), sourceOriginTime: 1000 },
    bytes: ['00000012', '01', '04', '00', '00', '00000001', '408f400000000000', '01', 'ff'],
  },
  {
    what: 'PureMessage without a time, in UTF-8',
    packet: { type: 'PureMessage', message: 'ü' },
    bytes: ['00000012', '01', '05', '00', '00', '00000000', '7ff8000000000000', 'c3bc'],
  },
  {
    what: 'PureMessage with the name of somebody else',
    packet: { type: 'PureMessage', message: '', sourceOriginIdentifier: 'x', sourceOriginTime: 1000 },
    bytes: ['00000013', '01', '05', '02', '00', '00000003', '408f400000000000', '000178'],
  },
  {
    what: 'a type of a third party, named in the header',
    packet: { type: 'Forecast', celsius: -4, map: Buffer.from([9]), sourceOriginTime: 1000 },
    bytes: [
      '00000031',
      '01',
      '00',
      '01',
      '00',
      '00000020',
      '408f400000000000',
      '{"type":"Forecast","celsius":-4}',
      '09',
    ],
  },
]

function read(parts: readonly string[]): Buffer {
  return Buffer.concat(parts.map((part) => (part.startsWith('{') ? Buffer.from(part) : Buffer.from(part, 'hex'))))
}

describe('the bytes of a frame', () => {
  const wire = openWire()

  for (const { what, packet, bytes } of golden)
    it(`are as the layout says: ${what}`, () => {
      const written = read(bytes)
      expect(bytesOf(wire, packet).toString('hex')).to.equal(written.toString('hex'))
      expect(pull(wire.createDecoder({ frameBytes: 1024 }), written)).to.deep.equal([packet])
    })

  it('are as the layout says: credit', () => {
    const written = read(['00000010', '01', 'ff', '00', '00', '00010000', '7ff8000000000000'])
    expect(Buffer.from(wire.encodeCredit!(65_536).head).toString('hex')).to.equal(written.toString('hex'))
    const decoder = wire.createDecoder({ frameBytes: 1024 })
    expect(pull(decoder, Buffer.concat([written, written]))).to.deep.equal([])
    expect(decoder.takeCredit()).to.equal(131_072)
    expect(decoder.takeCredit()).to.equal(0)
  })

  it('count as bulk in full, head included, once', () => {
    const decoder = wire.createDecoder({ frameBytes: 1024 })
    pull(decoder, read(golden[3]!.bytes))
    expect(decoder.takeBulk()).to.equal(24)
    expect(decoder.takeBulk()).to.equal(0)
  })
})
