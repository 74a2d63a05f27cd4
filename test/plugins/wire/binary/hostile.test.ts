import { expect } from 'chai'
import { isP2PNetError } from 'p2pnet'
import { held } from '../../../support/heap.ts'
import { frame, openWire, pull, type FrameParts } from '../../../support/wire-codec.ts'

const limits = { frameBytes: 65_536 }
const nested = (depth: number) => `{"type":"Note","text":${'['.repeat(depth)}${']'.repeat(depth)}}`

/** Refused frames: the code, and how many bytes of the frame are enough to know. */
const refused: { what: string; parts: FrameParts; code: string; knownAt: 'head' | 'whole'; says: RegExp }[] = [
  {
    what: 'is larger than the limit',
    parts: { length: 65_533 },
    code: 'E_FRAME_TOO_LARGE',
    knownAt: 'head',
    says: /65537 bytes, of 65536/,
  },
  {
    what: 'is 4 GiB long',
    parts: { length: 0xffffffff },
    code: 'E_FRAME_TOO_LARGE',
    knownAt: 'head',
    says: /4294967299 bytes/,
  },
  {
    what: 'is shorter than its own head',
    parts: { length: 15 },
    code: 'E_FRAME_INVALID',
    knownAt: 'head',
    says: /malformed/,
  },
  { what: 'has no length', parts: { length: 0 }, code: 'E_FRAME_INVALID', knownAt: 'head', says: /malformed/ },
  { what: 'has another version', parts: { version: 2 }, code: 'E_FRAME_INVALID', knownAt: 'head', says: /version 2/ },
  {
    what: 'is text',
    parts: { length: 0x48545450, version: 0x2f },
    code: 'E_FRAME_INVALID',
    knownAt: 'head',
    says: /version 47/,
  },
  {
    what: 'has a type code that is none',
    parts: { code: 6 },
    code: 'E_FRAME_INVALID',
    knownAt: 'head',
    says: /type code 6/,
  },
  {
    what: 'has a type code next to credit',
    parts: { code: 254 },
    code: 'E_FRAME_INVALID',
    knownAt: 'head',
    says: /type code 254/,
  },
  { what: 'has flags that are none', parts: { flags: 4 }, code: 'E_FRAME_INVALID', knownAt: 'head', says: /flags 4/ },
  {
    what: 'fills the reserved byte',
    parts: { reserved: 1 },
    code: 'E_FRAME_INVALID',
    knownAt: 'head',
    says: /malformed/,
  },
  {
    what: 'has a header longer than itself',
    parts: { headerLength: 29 },
    code: 'E_FRAME_INVALID',
    knownAt: 'head',
    says: /longer than its frame/,
  },
  {
    what: 'has a header of 4 GiB',
    parts: { headerLength: 0xffffffff },
    code: 'E_FRAME_INVALID',
    knownAt: 'head',
    says: /longer than its frame/,
  },
  {
    what: 'has a header above its own limit',
    parts: { header: `{"type":"Note","text":"${'x'.repeat(2048)}"}` },
    code: 'E_FRAME_TOO_LARGE',
    knownAt: 'head',
    says: /header of 2073 bytes, of 2048/,
  },
  {
    what: 'has a header shorter than its JSON',
    parts: { headerLength: 15 },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /no JSON/,
  },
  { what: 'has no header', parts: { header: '' }, code: 'E_FRAME_INVALID', knownAt: 'whole', says: /no JSON/ },
  {
    what: 'nests deeper than 32',
    parts: { header: nested(32) },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /deeper than 32/,
  },
  {
    what: 'nests objects without end',
    parts: { header: '{"a":'.repeat(400) },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /deeper than 32/,
  },
  { what: 'is an array', parts: { header: '[]' }, code: 'E_FRAME_INVALID', knownAt: 'whole', says: /no JSON object/ },
  { what: 'is null', parts: { header: 'null' }, code: 'E_FRAME_INVALID', knownAt: 'whole', says: /no JSON object/ },
  {
    what: 'is a number',
    parts: { header: '1e400' },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /no JSON object/,
  },
  { what: 'is a string', parts: { header: '"x"' }, code: 'E_FRAME_INVALID', knownAt: 'whole', says: /no JSON object/ },
  {
    what: 'is half an object',
    parts: { header: '{"type":"Note","text":' },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /no JSON/,
  },
  {
    what: 'holds a raw NUL',
    parts: { header: '{"type":"Note","text":"\0"}' },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /no JSON/,
  },
  {
    what: 'begins with a byte order mark',
    parts: { header: '\ufeff{"type":"Note","text":""}' },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /no JSON/,
  },
  {
    what: 'is no UTF-8',
    parts: { header: Buffer.from('{"type":"Note","text":"\xff\xfe"}', 'latin1') },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /no UTF-8/,
  },
  {
    what: 'holds an overlong letter',
    parts: { header: Buffer.from('{"type":"Note","text":"\xc1\x81"}', 'latin1') },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /no UTF-8/,
  },
  {
    what: 'has a field named __proto__',
    parts: { header: '{"type":"Note","text":"hi","__proto__":{"admin":true}}' },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /__proto__/,
  },
  {
    what: 'names a standard type in the header alone',
    parts: { code: 0, header: '{"message":"hi","type":"PureMessage"}' },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /does not name its type/,
  },
  {
    what: 'names no type',
    parts: { code: 0, header: '{}' },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /does not name its type/,
  },
  {
    what: 'names a type that is no text',
    parts: { code: 0, header: '{"type":["Forecast"]}' },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /does not name its type/,
  },
  {
    what: 'says its time twice',
    parts: { header: '{"type":"Note","text":"","sourceOriginTime":1}' },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /time or the origin stands among the fields/,
  },
  {
    what: 'has a payload where its type has none',
    parts: { payload: Buffer.from([1]) },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /Note has no payload/,
  },
  {
    what: 'has its payload in the header',
    parts: { header: '{"type":"Forecast","celsius":1,"map":"x"}' },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /stands in the header/,
  },
  {
    what: 'is a PureMessage with fields',
    parts: { code: 5, header: 'x' },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /longer than its fields/,
  },
  {
    what: 'is a PureMessage that is no UTF-8',
    parts: { code: 5, header: '', payload: Buffer.of(0xff) },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /no UTF-8/,
  },
  {
    what: 'ends within a field',
    parts: { code: 1, header: Buffer.of(1, 0, 9, 0, 5, 0x61) },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /ends within a field/,
  },
  {
    what: 'ends within its origin',
    parts: { flags: 2, header: Buffer.of(0xff, 0xff) },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /ends within a field/,
  },
  {
    what: 'has more than its fields',
    parts: { code: 1, header: Buffer.of(0, 0, 9, 0) },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /longer than its fields/,
  },
  {
    what: 'has a field that its type does not have',
    parts: { code: 1, header: Buffer.of(8, 0, 9) },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /does not have/,
  },
  {
    what: 'has a data type that is none',
    parts: { code: 4, header: Buffer.of(3) },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /data type is unknown/,
  },
  {
    what: 'lists four milliard peers',
    parts: { code: 3, header: Buffer.of(0, 0xff, 0xff, 0xff, 0xff) },
    code: 'E_FRAME_INVALID',
    knownAt: 'whole',
    says: /longer than its header/,
  },
  {
    what: 'is credit with a body',
    parts: { code: 255, headerLength: 1 },
    code: 'E_FRAME_INVALID',
    knownAt: 'head',
    says: /credit frame/,
  },
  {
    what: 'is credit with flags',
    parts: { code: 255, length: 16, flags: 1, header: '', headerLength: 1 },
    code: 'E_FRAME_INVALID',
    knownAt: 'head',
    says: /credit frame/,
  },
]

/** Frames that look bad and are none of the decoder's affair: schemas and handlers see them. */
const accepted: { what: string; parts: FrameParts; packet: object }[] = [
  {
    what: 'an escaped NUL',
    parts: { header: '{"type":"Note","text":"\\u0000"}' },
    packet: { type: 'Note', text: '\0' },
  },
  {
    what: 'half a surrogate pair, escaped',
    parts: { header: '{"type":"Note","text":"\\ud800"}' },
    packet: { type: 'Note', text: '\ud800' },
  },
  {
    what: 'an honest U+FFFD',
    parts: { header: '{"type":"Note","text":"\ufffd"}' },
    packet: { type: 'Note', text: '\ufffd' },
  },
  {
    what: 'a field that the type does not have',
    parts: { header: '{"type":"Note","text":"","constructor":1}' },
    packet: { type: 'Note', text: '', constructor: 1 },
  },
  {
    what: 'nesting of 31 in an object',
    parts: { header: nested(31) },
    packet: { type: 'Note', text: JSON.parse(`${'['.repeat(31)}${']'.repeat(31)}`) as unknown },
  },
  {
    what: 'brackets in a text',
    parts: { header: `{"type":"Note","text":"${'[{'.repeat(100)}\\"[["}` },
    packet: { type: 'Note', text: `${'[{'.repeat(100)}"[[` },
  },
  {
    what: 'a time that is infinite',
    parts: { time: Infinity },
    packet: { type: 'Note', text: 'hi', sourceOriginTime: Infinity },
  },
  {
    what: 'a type that nobody registered',
    parts: { code: 0, header: '{"type":"constructor"}', payload: Buffer.from([1]) },
    packet: { type: 'constructor' },
  },
]

describe('a hostile frame', () => {
  const wire = openWire({ headerBytes: 2048 })

  for (const { what, parts, code, knownAt, says } of refused)
    it(`that ${what} is ${code}, and its ${knownAt} is enough to know`, () => {
      const bytes = frame(parts)
      const enough = knownAt === 'head' ? 20 : bytes.byteLength
      for (const chunks of [
        [bytes.subarray(0, enough)],
        [...bytes.subarray(0, enough)].map((byte) => Buffer.of(byte)),
      ]) {
        const decoder = wire.createDecoder(limits)
        const last = chunks.pop()!
        for (const chunk of chunks) expect(pull(decoder, chunk)).to.deep.equal([])
        let thrown: unknown
        try {
          pull(decoder, last)
        } catch (error) {
          thrown = error
        }
        expect(isP2PNetError(thrown), String(thrown)).to.equal(true)
        expect(thrown).to.have.property('code', code)
        expect((thrown as Error).message).to.match(says)
      }
      expect(({} as Record<string, unknown>).admin).to.equal(undefined)
    })

  for (const { what, parts, packet } of accepted)
    it(`is none when it has ${what}`, () => {
      expect(pull(wire.createDecoder(limits), frame(parts))).to.deep.equal([packet])
    })

  it('does not take the frames before it along', () => {
    const decoder = wire.createDecoder(limits)
    decoder.push(Buffer.concat([frame(), frame(), frame({ version: 9 })]))
    expect(decoder.next()).to.have.property('text', 'hi')
    expect(decoder.next()).to.have.property('text', 'hi')
    expect(() => decoder.next()).to.throw(/version 9/)
  })

  it('nests a hundred thousand deep and costs no stack', () => {
    const deep = openWire({ headerBytes: 1_048_576 }).createDecoder({ frameBytes: 1_048_576 })
    deep.push(frame({ header: nested(100_000) }))
    expect(() => deep.next()).to.throw(/deeper than 32/)
  })

  it('gives huge credit, again and again, and the number stays a number', () => {
    const decoder = wire.createDecoder(limits)
    const credit = frame({ code: 255, length: 16, headerLength: 0xffffffff, header: '' })
    expect(pull(decoder, Buffer.concat(Array<Buffer>(1000).fill(credit)))).to.deep.equal([])
    expect(decoder.takeCredit()).to.equal(1000 * 0xffffffff)
  })

  it('that claims a mebibyte and sends little holds less than 100 kB', () => {
    const large = openWire()
    const decoders = []
    const before = held()
    for (let i = 0; i < 200; i++) {
      const decoder = large.createDecoder({ frameBytes: 1_048_576 })
      pull(decoder, frame({ length: 1_048_572, headerLength: 1_000_000 }).subarray(0, i % 2 === 0 ? 10 : 30))
      decoders.push(decoder)
    }
    expect((held() - before) / decoders.length).to.be.below(100_000)
  })

  it('of a mebibyte that drips in byte by byte is copied a few times at most', () => {
    const large = openWire()
    const decoder = large.createDecoder({ frameBytes: 1_048_576 })
    const bytes = frame({ code: 4, header: Buffer.of(2), payload: Buffer.alloc(1_048_555, 1) })
    expect(bytes.byteLength).to.equal(1_048_576)
    const copy = Buffer.prototype.copy
    let copied = 0
    Buffer.prototype.copy = function (this: Buffer, ...args: Parameters<typeof copy>) {
      const count: number = copy.apply(this, args)
      copied += count
      return count
    }
    const packets = []
    try {
      for (let i = 0; i < bytes.byteLength; i++) packets.push(...pull(decoder, bytes.subarray(i, i + 1)))
    } finally {
      Buffer.prototype.copy = copy
    }
    expect(packets).to.have.length(1)
    expect(copied).to.be.below(2 * bytes.byteLength)
  })
})
