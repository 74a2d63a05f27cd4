import { expect } from 'chai'
import { openTagged, pull, pullUntilError } from './tagged-wire.ts'

const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64')
const pure = (message: string) => ({ type: 'PureMessage', message })
const data = (text: string, dataType = 'File') => ({
  type: 'DataTransmission',
  dataType,
  data: Buffer.from(text, 'latin1'),
})

/** What others write, and we might have written otherwise. */
const tolerated: { what: string; text: string; packets: object[] }[] = [
  {
    what: 'camelCase',
    text: '<Message>{"message":"hi","sourceOriginIdentifier":"x","sourceOriginTime":5}</Message>',
    packets: [{ ...pure('hi'), sourceOriginIdentifier: 'x', sourceOriginTime: 5 }],
  },
  {
    what: 'another order, and blanks',
    text: '<Message> { "SourceOriginTime" : "1970-01-01T00:00:01Z" ,\n\t"Message" : "hi" } </Message>',
    packets: [{ ...pure('hi'), sourceOriginTime: 1000 }],
  },
  {
    what: 'fields that nobody knows',
    text: '<Message>{"$type":"x","Message":"hi","More":{"a":[1]},"constructor":1}</Message>',
    packets: [pure('hi')],
  },
  {
    what: "both spellings; the original's counts",
    text: '<Message>{"message":"b","Message":"a"}</Message>',
    packets: [pure('a')],
  },
  {
    what: 'the same name twice; the last counts, as there',
    text: '<Message>{"Message":"a","Message":"b"}</Message>',
    packets: [pure('b')],
  },
  {
    what: 'a null identifier',
    text: '<Message>{"Message":"hi","SourceOriginIdentifier":null}</Message>',
    packets: [pure('hi')],
  },
  {
    what: 'an empty identifier',
    text: '<Message>{"Message":"hi","SourceOriginIdentifier":""}</Message>',
    packets: [pure('hi')],
  },
  {
    what: 'an unset time',
    text: '<Message>{"Message":"hi","SourceOriginTime":"0001-01-01T00:00:00"}</Message>',
    packets: [pure('hi')],
  },
  { what: 'raw UTF-8', text: '<Message>{"Message":"Grüße 😀"}</Message>', packets: [pure('Grüße 😀')] },
  {
    what: 'another tag inside a string',
    text: '<Message>{"Message":"<Identity></Identity><Message>"}</Message>',
    packets: [pure('<Identity></Identity><Message>')],
  },
  {
    what: 'blanks between elements',
    text: ' \r\n\t<Message>{"Message":"a"}</Message>\n\n<Message>{"Message":"b"}</Message> ',
    packets: [pure('a'), pure('b')],
  },
  {
    what: 'elements that nobody knows, with anything in them',
    text: '<Future.2>{"a":"<Message>{}</Message>"}\0\xff</Future.2><x></x><Message>{"Message":"hi"}</Message><Message2></Message2>',
    packets: [pure('hi')],
  },
  {
    what: 'brackets in a text, behind an escaped quote',
    text: `<Message>{"Message":"\\"${'[{'.repeat(100)}\\\\"}</Message>`,
    packets: [pure(`"${'[{'.repeat(100)}\\`)],
  },
  {
    what: 'a payload without tags',
    text: `<DataTransmit>{"Data":"${base64('raw')}","DataType":0}</DataTransmit>`,
    packets: [data('raw')],
  },
  {
    what: 'a payload with half its tags',
    text: `<DataTransmit>{"Data":"${base64('<File>raw')}","DataType":0}</DataTransmit>`,
    packets: [data('<File>raw')],
  },
  {
    what: 'a payload with the tags of another type',
    text: `<DataTransmit>{"Data":"${base64('<Task>raw</Task>')}","DataType":0}</DataTransmit>`,
    packets: [data('<Task>raw</Task>')],
  },
  {
    what: 'a payload that is one overlapping tag',
    text: `<DataTransmit>{"Data":"${base64('<File></File')}","DataType":0}</DataTransmit>`,
    packets: [data('<File></File')],
  },
  {
    what: 'a payload with its tags twice; one pair goes',
    text: `<DataTransmit>{"Data":"${base64('<File><File>x</File></File>')}","DataType":0}</DataTransmit>`,
    packets: [data('<File>x</File>')],
  },
  {
    what: 'a payload that is null',
    text: '<DataTransmit>{"Data":null,"DataType":2}</DataTransmit>',
    packets: [data('', 'MiscData')],
  },
  {
    what: 'a type of data by name',
    text: '<DataTransmit>{"Data":"","DataType":"Task"}</DataTransmit>',
    packets: [data('', 'Task')],
  },
  {
    what: 'escaped base64',
    text: '<DataTransmit>{"Data":"\\u002B\\u002b==","DataType":1}</DataTransmit>',
    packets: [data('\xfb', 'Task')],
  },
  {
    what: 'peers in PascalCase and camelCase, with null and without a port',
    text: '<PeerGroup>{"Data":7,"Peers":[{"$type":"GenericPeer","Port":1,"Address":"a","Identifier":null},{"address":"b","port":2,"identifier":"c"},{"Address":"d","Port":0}]}</PeerGroup>',
    packets: [
      {
        type: 'CollectionShare',
        data: '7',
        peers: [
          { address: 'a', port: 1 },
          { address: 'b', port: 2, identifier: 'c' },
        ],
      },
    ],
  },
  {
    what: 'peers that are null',
    text: '<PeerGroup>{"Data":0,"peers":null}</PeerGroup>',
    packets: [{ type: 'CollectionShare', peers: [] }],
  },
  {
    what: 'a reason that is text',
    text: '<Disconnect>{"Data":"E_X: why"}</Disconnect>',
    packets: [{ type: 'Disconnect', data: 'E_X: why' }],
  },
  {
    what: 'a reason among others',
    text: '<Disconnect>{"Data":{"a":"b","Reason":"why"},"Timestamp":"1970-01-01T00:00:00Z"}</Disconnect>',
    packets: [{ type: 'Disconnect', data: 'why', timestamp: 0 }],
  },
  { what: 'a mark that is no object', text: '<Message>{"Message":"hi","p2pnet":1}</Message>', packets: [pure('hi')] },
]

const times: [text: string, ms: number | 'absent' | 'refused'][] = [
  ['1970-01-01T00:00:00Z', 0],
  ['2025-04-18T18:13:20.5Z', 1_745_000_000_500],
  ['2025-04-18T18:13:20.123Z', 1_745_000_000_123],
  ['2025-04-18T18:13:20.1234567Z', 1_745_000_000_123 + 0.4567],
  ['2025-04-18T18:13:20.0000001Z', 1_745_000_000_000 + 0.0001],
  ['2025-04-18T18:13:20.12345678901Z', 1_745_000_000_123 + 0.4567],
  ['2025-04-18T20:13:20.5+02:00', 1_745_000_000_500],
  ['2025-04-18T11:43:20.5-06:30', 1_745_000_000_500],
  ['2025-04-18T18:13:20.5', 1_745_000_000_500],
  ['2025-04-18T18:13:20', 1_745_000_000_000],
  ['2025-04-18T18:13', 1_744_999_980_000],
  ['2025-04-18', 1_744_934_400_000],
  ['2024-02-29T00:00:00Z', 1_709_164_800_000],
  ['2000-02-29T00:00:00Z', 951_782_400_000],
  ['0001-01-01T00:00:00Z', -62_135_596_800_000],
  ['9999-12-31T23:59:59.999Z', 253_402_300_799_999],
  ['0001-01-01T00:00:00', 'absent'],
  ['2023-02-29T00:00:00Z', 'refused'],
  ['1900-02-29T00:00:00Z', 'refused'],
  ['2025-04-31T00:00:00Z', 'refused'],
  ['2025-00-10T00:00:00Z', 'refused'],
  ['2025-13-10T00:00:00Z', 'refused'],
  ['2025-01-00T00:00:00Z', 'refused'],
  ['0000-01-01T00:00:00Z', 'refused'],
  ['2025-04-18T24:00:00Z', 'refused'],
  ['2025-04-18T18:60:00Z', 'refused'],
  ['2025-04-18T18:13:60Z', 'refused'],
  ['2025-04-18T18:13:20.Z', 'refused'],
  ['2025-04-18T18:13:20.12x4Z', 'refused'],
  ['2025-04-18T18:13:20.12345678901234567Z', 'refused'],
  ['2025-04-18T18:13:20+15:00', 'refused'],
  ['2025-04-18T18:13:20+01:60', 'refused'],
  ['2025-04-18 18:13:20Z', 'refused'],
  ['99999-04-18T18:13:20Z', 'refused'],
  ['+275760-09-13T00:00:00Z', 'refused'],
  ['soon', 'refused'],
  ['', 'refused'],
]

describe('reading what others write', () => {
  const wire = openTagged()
  const decoder = () => wire.createDecoder({ frameBytes: 65_536 })

  for (const { what, text, packets } of tolerated)
    it(`takes ${what}`, () => {
      const bytes = Buffer.from(text, text.includes('\xff') ? 'latin1' : 'utf8')
      expect(pull(decoder(), bytes)).to.deep.equal(packets)
      const dripping = decoder()
      expect([...bytes].flatMap((byte) => pull(dripping, Uint8Array.of(byte)))).to.deep.equal(packets)
    })

  for (const [text, ms] of times)
    it(`takes the time ${text || 'of no length'} as ${ms}`, () => {
      const element = Buffer.from(`<Message>{"Message":"","SourceOriginTime":${JSON.stringify(text)}}</Message>`)
      const { packets, error } = pullUntilError(decoder(), element)
      if (ms === 'refused') expect(error).to.have.property('code', 'E_FRAME_INVALID')
      else expect(packets).to.deep.equal([ms === 'absent' ? pure('') : { ...pure(''), sourceOriginTime: ms }])
    })
})
