import { expect } from 'chai'
import { isP2PNetError } from 'p2pnet'
import { held } from '../../../support/heap.ts'
import { openTagged, pull, pullUntilError } from './tagged-wire.ts'

const frameBytes = 65_536
const message = (body: string) => `<Message>${body}</Message>`
const data = (fields: string) => `<DataTransmit>{${fields}}</DataTransmit>`
const nested = (depth: number) => message(`{"Message":${'['.repeat(depth)}${']'.repeat(depth)}}`)
const other = (fields: string, payload = '') => data(`"Data":"${payload}","DataType":2,"p2pnet":{${fields}}`)

/** What ends the stream: the code, and what is said. */
const refused: { what: string; text: string; code: string; says: RegExp }[] = [
  {
    what: 'is larger than the limit',
    text: message(`{"Message":"${'x'.repeat(frameBytes)}"}`),
    code: 'E_FRAME_TOO_LARGE',
    says: /<Message> of more than 65536/,
  },
  {
    what: 'is one byte larger than the limit',
    text: message(`{"Message":"${'x'.repeat(frameBytes - 32)}"}`),
    code: 'E_FRAME_TOO_LARGE',
    says: /<Message> of more than 65536/,
  },
  {
    what: 'is larger than the limit in bytes and not in characters',
    text: message(`{"Message":"${'ü'.repeat(frameBytes / 2)}"}`),
    code: 'E_FRAME_TOO_LARGE',
    says: /<Message> of more than 65536/,
  },
  {
    what: 'is never closed',
    text: `<Message>{"Message":"${'x'.repeat(frameBytes)}`,
    code: 'E_FRAME_TOO_LARGE',
    says: /<Message> of more than 65536/,
  },
  {
    what: 'is never closed and never known',
    text: `<Unknown>${'x'.repeat(frameBytes)}`,
    code: 'E_FRAME_TOO_LARGE',
    says: /<Unknown> of more than 65536/,
  },
  {
    what: 'is closed by another tag',
    text: `<Message>{"Message":"a"}</Identity>${'x'.repeat(frameBytes)}`,
    code: 'E_FRAME_TOO_LARGE',
    says: /<Message> of more than 65536/,
  },
  {
    what: 'almost closes itself, over and over',
    text: `<Message>${'</Message'.repeat(frameBytes / 9)}`,
    code: 'E_FRAME_TOO_LARGE',
    says: /<Message> of more than 65536/,
  },
  {
    what: 'is no element',
    text: 'GET / HTTP/1.1\r\n',
    code: 'E_FRAME_INVALID',
    says: /"G.*" is no tag/,
  },
  { what: 'is binary', text: '\0\0\0\x20\x01\x05', code: 'E_FRAME_INVALID', says: /is no tag/ },
  {
    what: 'is NUL between elements',
    text: `${message('{"Message":"a"}')}\0`,
    code: 'E_FRAME_INVALID',
    says: /"\\u0000" is no tag/,
  },
  { what: 'begins with a closing tag', text: '</Message>', code: 'E_FRAME_INVALID', says: /is no tag/ },
  { what: 'has a tag without a name', text: '<></>', code: 'E_FRAME_INVALID', says: /is no tag/ },
  { what: 'has a tag with an attribute', text: '<Message a="b">', code: 'E_FRAME_INVALID', says: /is no tag/ },
  { what: 'has a tag without an end', text: `<${'x'.repeat(65)}`, code: 'E_FRAME_INVALID', says: /is no tag/ },
  { what: 'has a tag that is too long', text: `<${'x'.repeat(65)}>`, code: 'E_FRAME_INVALID', says: /is no tag/ },
  {
    what: 'has its closing tag inside a string',
    text: message('{"Message":"</Message>"}'),
    code: 'E_FRAME_INVALID',
    says: /PureMessage is no JSON/,
  },
  { what: 'is empty', text: message(''), code: 'E_FRAME_INVALID', says: /PureMessage is no JSON/ },
  { what: 'is half an object', text: message('{"Message":'), code: 'E_FRAME_INVALID', says: /PureMessage is no JSON/ },
  { what: 'holds two objects', text: message('{}{}'), code: 'E_FRAME_INVALID', says: /PureMessage is no JSON/ },
  {
    what: 'holds a raw NUL',
    text: message('{"Message":"\0"}'),
    code: 'E_FRAME_INVALID',
    says: /PureMessage is no JSON/,
  },
  {
    what: 'holds a byte order mark',
    text: message('\ufeff{}'),
    code: 'E_FRAME_INVALID',
    says: /PureMessage is no JSON/,
  },
  {
    what: 'is no UTF-8',
    text: message('{"Message":"\xff\xfe"}'),
    code: 'E_FRAME_INVALID',
    says: /<Message> is no UTF-8/,
  },
  {
    what: 'holds an overlong letter',
    text: message('{"Message":"\xc1\x81"}'),
    code: 'E_FRAME_INVALID',
    says: /<Message> is no UTF-8/,
  },
  {
    what: 'ends within a letter',
    text: message('{"Message":"\xc3"}'),
    code: 'E_FRAME_INVALID',
    says: /<Message> is no UTF-8/,
  },
  { what: 'is an array', text: message('[]'), code: 'E_FRAME_INVALID', says: /PureMessage is no JSON object/ },
  { what: 'is null', text: message('null'), code: 'E_FRAME_INVALID', says: /PureMessage is no JSON object/ },
  { what: 'is a string', text: message('"x"'), code: 'E_FRAME_INVALID', says: /PureMessage is no JSON object/ },
  { what: 'nests deeper than 32', text: nested(33), code: 'E_FRAME_INVALID', says: /deeper than 32/ },
  {
    what: 'nests objects without end',
    text: message('{"a":'.repeat(400)),
    code: 'E_FRAME_INVALID',
    says: /deeper than 32/,
  },
  {
    what: 'hides its depth behind an escaped quote',
    text: message(`{"a":"\\"","Message":${'['.repeat(40)}${']'.repeat(40)}}`),
    code: 'E_FRAME_INVALID',
    says: /deeper than 32/,
  },
  {
    what: 'hides its depth behind quotes',
    text: message(`{"\\\\":"\\"","a":${'[{"\\"":'.repeat(40)}`),
    code: 'E_FRAME_INVALID',
    says: /deeper than 32/,
  },
  {
    what: 'has a field named __proto__',
    text: message('{"Message":"hi","__proto__":{"admin":true}}'),
    code: 'E_FRAME_INVALID',
    says: /__proto__/,
  },
  {
    what: 'has a field named __proto__ in a type of ours',
    text: other('"type":"Forecast","celsius":1,"__proto__":{"admin":true}'),
    code: 'E_FRAME_INVALID',
    says: /__proto__/,
  },
  { what: 'names no type', text: other('"type":1'), code: 'E_FRAME_INVALID', says: /does not name its type/ },
  {
    what: 'names a standard type where only others may be',
    text: other('"type":"Disconnect"'),
    code: 'E_FRAME_INVALID',
    says: /does not name its type/,
  },
  {
    what: 'says its origin twice',
    text: other('"type":"Forecast","sourceOriginIdentifier":"x"'),
    code: 'E_FRAME_INVALID',
    says: /origin of Forecast/,
  },
  {
    what: 'has its payload among the fields',
    text: other('"type":"Forecast","map":"x"'),
    code: 'E_FRAME_INVALID',
    says: /map of Forecast/,
  },
  {
    what: 'has a payload where its type has none',
    text: other('"type":"Empty"', 'AAAA'),
    code: 'E_FRAME_INVALID',
    says: /Empty has no payload/,
  },
  {
    what: 'has base64 of a wrong length',
    text: data('"Data":"AAA","DataType":0'),
    code: 'E_FRAME_INVALID',
    says: /no base64/,
  },
  {
    what: 'has base64 with letters that are none',
    text: data('"Data":"AA*A","DataType":0'),
    code: 'E_FRAME_INVALID',
    says: /no base64/,
  },
  { what: 'has base64 for URLs', text: data('"Data":"AA_-","DataType":0'), code: 'E_FRAME_INVALID', says: /no base64/ },
  {
    what: 'has base64 with blanks',
    text: data('"Data":"AAA A AA","DataType":0'),
    code: 'E_FRAME_INVALID',
    says: /no base64/,
  },
  {
    what: 'has base64 that ends in its middle',
    text: data('"Data":"AA==AAAA","DataType":0'),
    code: 'E_FRAME_INVALID',
    says: /no base64/,
  },
  {
    what: 'has base64 of nothing but padding',
    text: data('"Data":"====","DataType":0'),
    code: 'E_FRAME_INVALID',
    says: /no base64/,
  },
  {
    what: 'has a payload that is no text',
    text: data('"Data":[1,2],"DataType":0'),
    code: 'E_FRAME_INVALID',
    says: /no base64/,
  },
  {
    what: 'has a huge time',
    text: message('{"Message":"","SourceOriginTime":"99999999-01-01T00:00:00Z"}'),
    code: 'E_FRAME_INVALID',
    says: /is no time/,
  },
  {
    what: 'has a time of 60,000 digits',
    text: message(`{"Message":"","SourceOriginTime":"${'9'.repeat(60_000)}"}`),
    code: 'E_FRAME_INVALID',
    says: /"9{40}" is no time/,
  },
]

/** What is whole as an element and wrong as a packet: for its schema to refuse. */
const invalid: { what: string; text: string }[] = [
  { what: 'a message that is a number', text: message('{"Message":5}') },
  { what: 'no message', text: message('{}') },
  { what: 'an identifier that is an object', text: message('{"Message":"","SourceOriginIdentifier":{"a":1}}') },
  { what: 'a time that is infinite', text: message('{"Message":"","SourceOriginTime":1e999}') },
  { what: 'a time that is a truth', text: message('{"Message":"","SourceOriginTime":true}') },
  { what: 'a port beyond the last', text: '<Identity>{"Data":65536}</Identity>' },
  { what: 'a port below the first', text: '<Identity>{"Data":-1}</Identity>' },
  { what: 'a port with a fraction', text: '<Identity>{"Data":8001.5}</Identity>' },
  { what: 'a port beyond all numbers', text: '<Identity>{"Data":1e400}</Identity>' },
  { what: 'a type of data beyond the last', text: data('"Data":"","DataType":3') },
  { what: 'a type of data below the first', text: data('"Data":"","DataType":-1') },
  { what: 'a type of data that is inherited', text: data('"Data":"","DataType":"constructor"') },
  { what: 'peers that are no list', text: '<PeerGroup>{"peers":{"length":3}}</PeerGroup>' },
  { what: 'a peer that is a number', text: '<PeerGroup>{"peers":[1]}</PeerGroup>' },
  { what: 'a peer without an address', text: '<PeerGroup>{"peers":[{"Port":1}]}</PeerGroup>' },
  { what: 'a port of a peer beyond the last', text: '<PeerGroup>{"peers":[{"Port":70000,"Address":"a"}]}</PeerGroup>' },
  { what: 'a port of 2 to the 31st', text: '<Disconnect>{"Port":2147483648}</Disconnect>' },
  { what: 'a type of ours without what it needs', text: other('"type":"Forecast"') },
]

describe('a hostile element', () => {
  const wire = openTagged()
  const bytesOf = (text: string) =>
    Buffer.from(text, /[\x80-\xff]/.test(text) && !/[^\0-\xff]/.test(text) ? 'latin1' : 'utf8')

  for (const { what, text, code, says } of refused)
    it(`that ${what} is ${code}`, () => {
      const bytes = text.includes('ü') ? Buffer.from(text) : bytesOf(text)
      for (const size of [bytes.byteLength, 1000, 1]) {
        const decoder = wire.createDecoder({ frameBytes })
        let thrown: unknown
        for (let at = 0; at < bytes.byteLength && thrown === undefined; at += size)
          thrown = pullUntilError(decoder, bytes.subarray(at, at + size)).error
        expect(isP2PNetError(thrown), String(thrown)).to.equal(true)
        expect(thrown).to.have.property('code', code)
        expect((thrown as Error).message).to.match(says)
      }
      expect(({} as Record<string, unknown>).admin).to.equal(undefined)
    })

  for (const { what, text } of invalid)
    it(`with ${what} is no packet, and the next one is`, () => {
      const decoder = wire.createDecoder({ frameBytes })
      const [packet, next] = pull(decoder, Buffer.from(text + message('{"Message":"next"}')))
      expect(wire.validate(packet!)).to.equal(false)
      expect(next).to.have.property('message', 'next')
    })

  it('does not take the elements before it along', () => {
    const decoder = wire.createDecoder({ frameBytes })
    const { packets, error } = pullUntilError(decoder, Buffer.from(message('{"Message":"a"}').repeat(2) + '</x>'))
    expect(packets).to.have.length(2)
    expect(error).to.have.property('code', 'E_FRAME_INVALID')
  })

  it('nests a hundred thousand deep and costs no stack', () => {
    const decoder = wire.createDecoder({ frameBytes: 1_048_576 })
    expect(pullUntilError(decoder, Buffer.from(nested(100_000))).error?.message).to.match(/deeper than 32/)
  })

  it('of exactly the limit is none', () => {
    for (const limit of [100, 65_536]) {
      const text = message(`{"Message":"${'x'.repeat(limit - 33)}"}`)
      expect(text).to.have.length(limit)
      for (const size of [limit, 7, 1]) {
        const decoder = wire.createDecoder({ frameBytes: limit })
        const packets = []
        for (let at = 0; at < limit; at += size) packets.push(...pull(decoder, Buffer.from(text.slice(at, at + size))))
        expect(packets).to.have.length(1)
      }
    }
  })

  it('is refused before it is kept: with the byte that makes it too large', () => {
    const decoder = wire.createDecoder({ frameBytes: 1000 })
    expect(pull(decoder, Buffer.from(`<Message>${'x'.repeat(990)}`))).to.deep.equal([])
    expect(pullUntilError(decoder, Buffer.from('x')).error).to.have.property('code', 'E_FRAME_TOO_LARGE')
  })

  it('may be larger once the limit was raised, also in its middle', () => {
    const decoder = wire.createDecoder({ frameBytes: 100 })
    pull(decoder, Buffer.from('<Message>{"Message":"'))
    decoder.limits = { frameBytes: 1000 }
    expect(decoder.limits.frameBytes).to.equal(1000)
    expect(pull(decoder, Buffer.from(`${'x'.repeat(500)}"}</Message>`))).to.have.length(1)
  })

  it('that promises much and sends little holds less than 100 kB', () => {
    const decoders = []
    const before = held()
    for (let i = 0; i < 200; i++) {
      const decoder = wire.createDecoder({ frameBytes: 1_048_576 })
      pull(decoder, Buffer.from('<DataTransmit>{"Data":"AAAA'))
      decoders.push(decoder)
    }
    expect((held() - before) / decoders.length).to.be.below(100_000)
  })

  it('of a mebibyte that is skipped is not kept', () => {
    const decoder = wire.createDecoder({ frameBytes: 1_048_576 })
    pull(decoder, Buffer.from('<Unknown>'))
    const chunk = Buffer.alloc(65_536, 'x')
    const before = held()
    for (let i = 0; i < 15; i++) pull(decoder, chunk)
    expect(held() - before).to.be.below(65_536)
  })

  for (const [what, fill] of [
    ['of nothing special', 'x'],
    ['of brackets', '<'],
    ['of begun closing tags', '</Messag'],
  ] as const)
    it(`of a mebibyte ${what} that drips in byte by byte is looked at once and copied a few times at most`, () => {
      const decoder = wire.createDecoder({ frameBytes: 1_048_576 })
      const bytes = Buffer.alloc(1_048_576, fill)
      bytes.set(Buffer.from('<Message>'))
      const work = watched(() => {
        for (let i = 0; i < bytes.byteLength - 1; i++) pull(decoder, bytes.subarray(i, i + 1))
        expect(() => pull(decoder, bytes.subarray(-1)))
          .to.throw()
          .with.property('code', 'E_FRAME_TOO_LARGE')
      })
      expect(work.copied).to.be.below(4 * bytes.byteLength)
      expect(work.searched).to.be.below(2 * bytes.byteLength)
    })
})

/** Bytes that buffers copied, and bytes that they searched. */
function watched(run: () => void): { copied: number; searched: number } {
  const prototype = Buffer.prototype as Buffer
  const { copy, indexOf } = prototype
  const work = { copied: 0, searched: 0 }
  prototype.copy = function (this: Buffer, ...args: Parameters<typeof copy>) {
    const count = copy.apply(this, args)
    work.copied += count
    return count
  }
  prototype.indexOf = function (this: Buffer, ...args: [value: Uint8Array, from?: number]) {
    work.searched += this.byteLength - (args[1] ?? 0)
    return indexOf.apply(this, args as never)
  } as typeof indexOf
  try {
    run()
  } finally {
    Object.assign(prototype, { copy, indexOf })
  }
  return work
}
