import { expect } from 'chai'
import { bytesOf, openTagged, pull } from './tagged-wire.ts'

const from = { sourceOriginIdentifier: 'abc', sourceOriginTime: 1_745_000_000_500 }
const origin = '"SourceOriginIdentifier":"abc","SourceOriginTime":"2025-04-18T18:13:20.5Z"'
const bytes = (...values: number[]) => Buffer.from(values)

/** Elements written down by hand: the classes of the original, as System.Text.Json writes them. */
const golden: { what: string; packet: Record<string, unknown>; text: string }[] = [
  {
    what: 'Identifier',
    packet: { type: 'Identifier', message: 'discovery', data: 8001, ip: '192.168.1.7', ...from },
    text: `<Identity>{"Message":"discovery","Data":8001,"IP":"192.168.1.7",${origin}}</Identity>`,
  },
  {
    what: 'Identifier, its absent fields as null',
    packet: { type: 'Identifier', data: 0 },
    text: '<Identity>{"Message":null,"Data":0,"IP":null,"SourceOriginIdentifier":null,"SourceOriginTime":"0001-01-01T00:00:00"}</Identity>',
  },
  {
    what: 'Identifier with the name of a network, which the original does not have',
    packet: { type: 'Identifier', data: 1, network: 'démo </Identity>', ...from },
    text: `<Identity>{"Message":null,"Data":1,"IP":null,${origin},"p2pnet":{"network":"d\\u00E9mo \\u003C/Identity\\u003E"}}</Identity>`,
  },
  {
    what: 'Disconnect',
    packet: { type: 'Disconnect', ip: '10.0.0.1', port: 9000, timestamp: 1_745_000_000_000, data: 'E_X: bye', ...from },
    text: `<Disconnect>{"IP":"10.0.0.1","Port":9000,"Timestamp":"2025-04-18T18:13:20Z","Data":{"Reason":"E_X: bye"},${origin}}</Disconnect>`,
  },
  {
    what: 'Disconnect without anything',
    packet: { type: 'Disconnect', ...from },
    text: `<Disconnect>{"IP":null,"Port":0,"Timestamp":"0001-01-01T00:00:00","Data":{},${origin}}</Disconnect>`,
  },
  {
    what: 'Disconnect with a port that is 0 and not absent',
    packet: { type: 'Disconnect', port: 0, ...from },
    text: `<Disconnect>{"IP":null,"Port":0,"Timestamp":"0001-01-01T00:00:00","Data":{},${origin},"p2pnet":{"port":0}}</Disconnect>`,
  },
  {
    what: 'CollectionShare',
    packet: {
      type: 'CollectionShare',
      peers: [
        { address: '10.0.0.2', port: 8002, identifier: 'x+y' },
        { address: '::1', port: 8003 },
      ],
      ...from,
    },
    text: `<PeerGroup>{"Data":0,"peers":[{"$type":"GenericPeer","Port":8002,"Address":"10.0.0.2","Identifier":"x\\u002By"},{"$type":"GenericPeer","Port":8003,"Address":"::1","Identifier":null}],${origin}}</PeerGroup>`,
  },
  {
    what: 'CollectionShare with a number as data, and no peers',
    packet: { type: 'CollectionShare', data: '-42', peers: [], ...from },
    text: `<PeerGroup>{"Data":-42,"peers":[],${origin}}</PeerGroup>`,
  },
  {
    what: 'CollectionShare with data that is no number in the original',
    packet: { type: 'CollectionShare', data: '007', peers: [], ...from },
    text: `<PeerGroup>{"Data":0,"peers":[],${origin},"p2pnet":{"data":"007"}}</PeerGroup>`,
  },
  {
    what: 'DataTransmission of a file; base64 is not escaped',
    packet: { type: 'DataTransmission', dataType: 'File', data: bytes(1, 2, 3), ...from },
    text: `<DataTransmit>{"Data":"PEZpbGU+AQIDPC9GaWxlPg==","DataType":0,${origin}}</DataTransmit>`,
  },
  {
    what: 'DataTransmission of a task',
    packet: { type: 'DataTransmission', dataType: 'Task', data: bytes(0x68, 0x69), ...from },
    text: `<DataTransmit>{"Data":"PFRhc2s+aGk8L1Rhc2s+","DataType":1,${origin}}</DataTransmit>`,
  },
  {
    what: 'DataTransmission of anything else',
    packet: { type: 'DataTransmission', dataType: 'MiscData', data: bytes(255), ...from },
    text: `<DataTransmit>{"Data":"PE1pc2NEYXRhPv88L01pc2NEYXRhPg==","DataType":2,${origin}}</DataTransmit>`,
  },
  {
    what: 'DataTransmission of nothing',
    packet: { type: 'DataTransmission', dataType: 'MiscData', data: bytes(), ...from },
    text: `<DataTransmit>{"Data":"PE1pc2NEYXRhPjwvTWlzY0RhdGE+","DataType":2,${origin}}</DataTransmit>`,
  },
  {
    what: 'PureMessage',
    packet: { type: 'PureMessage', message: 'Ping from 192.168.1.7', ...from },
    text: `<Message>{"Message":"Ping from 192.168.1.7",${origin}}</Message>`,
  },
  {
    what: 'PureMessage of everything that is escaped',
    packet: { type: 'PureMessage', message: `"'&+<>\`\\/\b\t\n\f\r\0\u001f\u007f\u0085é\u2028\uffff😀`, ...from },
    text: `<Message>{"Message":"\\u0022\\u0027\\u0026\\u002B\\u003C\\u003E\\u0060\\\\/\\b\\t\\n\\f\\r\\u0000\\u001F\\u007F\\u0085\\u00E9\\u2028\\uFFFF\\uD83D\\uDE00",${origin}}</Message>`,
  },
  {
    what: 'PureMessage of everything that is not',
    packet: { type: 'PureMessage', message: ' !#$%()*,-./09:;=?@AZ[]^_az{|}~', ...from },
    text: `<Message>{"Message":" !#$%()*,-./09:;=?@AZ[]^_az{|}~",${origin}}</Message>`,
  },
  {
    what: 'a type of a third party, as a data packet that the original throws away',
    packet: { type: 'Forecast', celsius: -4, places: ['<Ü>'], map: bytes(255), ...from },
    text: `<DataTransmit>{"Data":"PE1pc2NEYXRhPv88L01pc2NEYXRhPg==","DataType":2,${origin},"p2pnet":{"type":"Forecast","celsius":-4,"places":["\\u003C\\u00DC\\u003E"]}}</DataTransmit>`,
  },
  {
    what: 'a type without any field',
    packet: { type: 'Empty', ...from },
    text: `<DataTransmit>{"Data":"PE1pc2NEYXRhPjwvTWlzY0RhdGE+","DataType":2,${origin},"p2pnet":{"type":"Empty"}}</DataTransmit>`,
  },
]

describe('the text of an element', () => {
  const wire = openTagged()

  for (const { what, packet, text } of golden)
    it(`is as the original writes it: ${what}`, () => {
      expect(bytesOf(wire, packet).toString('latin1')).to.equal(text)
      expect(pull(wire.createDecoder({ frameBytes: 1024 }), Buffer.from(text))).to.deep.equal([packet])
    })

  it('has U+FFFD for half a surrogate pair, as the original has', () => {
    const text = bytesOf(wire, { type: 'PureMessage', message: 'a\ud83d|\ude00\ud83d', ...from }).toString('latin1')
    expect(text).to.equal(`<Message>{"Message":"a\\uFFFD|\\uFFFD\\uFFFD",${origin}}</Message>`)
  })

  it('takes who sends and when from the stamp, where the packet does not say it', () => {
    const stamp = { identifier: 'me', time: 1_745_000_000_000 }
    const cases: [packet: object, stamp: typeof stamp, written: string][] = [
      [{}, stamp, '"SourceOriginIdentifier":"me","SourceOriginTime":"2025-04-18T18:13:20Z"'],
      [from, stamp, origin],
      [
        { sourceOriginIdentifier: 'abc' },
        stamp,
        '"SourceOriginIdentifier":"abc","SourceOriginTime":"2025-04-18T18:13:20Z"',
      ],
      [{}, { ...stamp, identifier: '' }, '"SourceOriginIdentifier":null,"SourceOriginTime":"2025-04-18T18:13:20Z"'],
    ]
    expect(wire.stamps).to.equal(true)
    for (const [said, by, written] of cases)
      for (const type of ['PureMessage', 'Identifier', 'Disconnect', 'CollectionShare', 'DataTransmission', 'Empty']) {
        const packet = { type, message: '', data: Buffer.alloc(0), dataType: 'File', peers: [], ...said }
        expect(Buffer.from(wire.encode(packet as never, by).head).toString()).to.include(written)
      }
  })

  it('lies beside the one before, so that both leave in one write', () => {
    const [first, second] = ['a', 'b'].map((message) => wire.encode({ type: 'PureMessage', message, ...from } as never))
    expect(second?.head.buffer).to.equal(first?.head.buffer)
    expect(second?.head.byteOffset).to.equal(first!.head.byteOffset + first!.bytes)
  })

  it('counts what it weighs, and goes in the lane of its type', () => {
    for (const size of [10, 3000, 30_000]) {
      const data = Buffer.alloc(size, 7)
      const frame = wire.encode({ type: 'DataTransmission', dataType: 'File', data, ...from } as never)
      expect(frame.bytes).to.equal(frame.head.byteLength)
      expect(frame.lane).to.equal('bulk')
      expect(pull(wire.createDecoder({ frameBytes: 65_536 }), frame.head)).to.deep.equal([
        { type: 'DataTransmission', dataType: 'File', data, ...from },
      ])
    }
  })

  it('is marked where it opens a channel, once, and nowhere else', () => {
    for (const { packet, text } of golden) {
      const opening = wire.encode(packet as never).opening!()
      const marked = Buffer.concat([opening.head, opening.payload ?? Buffer.alloc(0)]).toString('latin1')
      expect(marked).to.equal(text.includes('"p2pnet":') ? text : text.replace(/}(<\/\w+>)$/, ',"p2pnet":{}}$1'))
      expect(opening.bytes).to.equal(marked.length)
      const decoder = wire.createDecoder({ frameBytes: 1024 })
      expect(decoder.keepsUp).to.equal(false)
      expect(pull(decoder, Buffer.from(marked))).to.deep.equal([packet])
      expect(decoder.keepsUp).to.equal(true)
    }
  })

  it('in a datagram is the JSON alone, always marked', () => {
    const packet = { type: 'Identifier', message: '', data: 8001, ip: '10.0.0.1', ...from }
    const plain = Buffer.from(wire.datagrams!.encode(packet)).toString('latin1')
    expect(plain).to.equal(`{"Message":"","Data":8001,"IP":"10.0.0.1",${origin},"p2pnet":{}}`)
    expect(wire.datagrams!.decode(Buffer.from(plain))).to.deep.equal(packet)
    const named = { ...packet, network: 'demo' }
    expect(Buffer.from(wire.datagrams!.encode(named)).toString('latin1')).to.match(/,"p2pnet":\{"network":"demo"\}\}$/)
    expect(wire.datagrams!.decode(wire.datagrams!.encode(named))).to.deep.equal(named)
    for (const bad of ['<Identity>{}</Identity>', '[]', '', '{"Data":"\xff"}'])
      expect(() => wire.datagrams!.decode(Buffer.from(bad, 'latin1')))
        .to.throw()
        .with.property('code', 'E_FRAME_INVALID')
  })

  it('is refused, coded, for what has no place in it', () => {
    const small = openTagged({}, { frameBytes: 1000 })
    const cases: [object, string][] = [
      [{ type: 'Unheard', ...from }, 'E_PACKET_UNKNOWN'],
      [{ type: 'PureMessage', message: 'x'.repeat(1000), ...from }, 'E_FRAME_TOO_LARGE'],
      [{ type: 'PureMessage', message: 'ü'.repeat(150), ...from }, 'E_FRAME_TOO_LARGE'],
      [{ type: 'DataTransmission', dataType: 'File', data: Buffer.alloc(900), ...from }, 'E_FRAME_TOO_LARGE'],
      [{ type: 'DataTransmission', dataType: 'Other', data: Buffer.alloc(9), ...from }, 'E_PACKET_INVALID'],
      [{ type: 'Forecast', celsius: 1, map: Buffer.alloc(900) }, 'E_FRAME_TOO_LARGE'],
      [{ type: 'PureMessage', message: '', sourceOriginTime: 8.64e15 }, 'E_PACKET_INVALID'],
      [{ type: 'PureMessage', message: '', sourceOriginTime: -62_135_596_800_001 }, 'E_PACKET_INVALID'],
      [{ type: 'PureMessage', message: '', sourceOriginTime: Infinity }, 'E_PACKET_INVALID'],
      [{ type: 'Disconnect', timestamp: 1e300 }, 'E_PACKET_INVALID'],
    ]
    for (const [packet, code] of cases)
      expect(() => small.encode(packet as never), JSON.stringify(packet).slice(0, 60))
        .to.throw()
        .with.property('code', code)
  })
})
