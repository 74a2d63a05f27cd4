import { expect } from 'chai'
import type { NetworkPacket } from '../../../core/index.ts'
import { attachPieces, borrowPieces, piecesOf } from '../../../core/packets/pieces.ts'
import { createPacketType, describeErrors } from '../../../core/packets/registry.ts'
import type { JsonSchema } from '../../../core/validators.ts'

type Picture = NetworkPacket & { bytes: Uint8Array }

const schema = (required: readonly string[]): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  required: ['type', ...required],
  properties: { type: { const: 'Picture' }, width: { type: 'integer' }, bytes: { bytes: true } },
})

function inPieces(...texts: string[]): { packet: Picture; pieces: Buffer[] } {
  const pieces = texts.map((text) => Buffer.from(text))
  const packet = { type: 'Picture' } as Picture
  attachPieces(packet, 'bytes', pieces)
  return { packet, pieces }
}

describe('a payload in pieces', () => {
  it('has them as they were read, and no copy', () => {
    const { packet, pieces } = inPieces('ab', 'c')
    expect(piecesOf(packet, 'bytes')[0]).to.equal(pieces[0])
    expect(piecesOf(packet, 'bytes')[1]).to.equal(pieces[1])
  })

  it('is put together once, for whoever reads the field', () => {
    const { packet } = inPieces('ab', 'c')
    const { bytes } = packet
    expect(Buffer.from(bytes).toString()).to.equal('abc')
    expect(packet.bytes).to.equal(bytes)
    expect(piecesOf(packet, 'bytes')).to.deep.equal([bytes])
  })

  it('looks like any other field', () => {
    const { packet } = inPieces('ab', 'c')
    expect(Object.keys(packet)).to.deep.equal(['type', 'bytes'])
    expect({ ...packet }).to.deep.equal({ type: 'Picture', bytes: Buffer.from('abc') })
  })

  it('can be replaced', () => {
    const { packet } = inPieces('ab', 'c')
    const other = Buffer.from('other')
    packet.bytes = other
    expect(packet.bytes).to.equal(other)
    expect(piecesOf(packet, 'bytes')).to.deep.equal([other])
  })

  it('that is in one piece is a piece', () => {
    const bytes = Buffer.from('abc')
    expect(piecesOf({ type: 'Picture', bytes }, 'bytes')).to.deep.equal([bytes])
  })
})

describe('a payload in memory that is lent', () => {
  /** Two pieces; `given`: how often the memory of each was given back. */
  function lent() {
    const given = [0, 0]
    const packet = { type: 'Picture' } as Picture
    const lease = (i: number) => ({ release: () => void given[i]!++ })
    attachPieces(packet, 'bytes', [Buffer.from('ab'), Buffer.from('c')], [lease(0), lease(1)])
    return { packet, given }
  }
  const read = (packet: Picture) => Buffer.from(packet.bytes).toString()
  const code = (work: () => unknown) => {
    try {
      work()
      return undefined
    } catch (error) {
      return (error as { code?: string }).code
    }
  }

  it('is given back once it was put together, and the copy stays', () => {
    const { packet, given } = lent()
    expect(read(packet)).to.equal('abc')
    expect(given).to.deep.equal([1, 1])
    expect(read(packet)).to.equal('abc')
    expect(given).to.deep.equal([1, 1])
  })

  it('is never given back to whoever keeps the pieces, or looks at nothing', () => {
    const { packet, given } = lent()
    expect(Buffer.concat(piecesOf(packet, 'bytes')).toString()).to.equal('abc')
    expect(read(packet)).to.equal('abc')
    expect(given).to.deep.equal([0, 0])
  })

  it('is given back by whoever borrowed it, once; then it is gone', () => {
    const { packet, given } = lent()
    const { pieces, release } = borrowPieces(packet, 'bytes')
    expect(Buffer.concat(pieces).toString()).to.equal('abc')
    expect(given).to.deep.equal([0, 0])
    release()
    release()
    expect(given).to.deep.equal([1, 1])
    expect(code(() => packet.bytes)).to.equal('E_BORROWED')
    expect(code(() => piecesOf(packet, 'bytes'))).to.equal('E_BORROWED')
    expect(code(() => borrowPieces(packet, 'bytes'))).to.equal('E_BORROWED')
  })

  it('stays until the last of several has given it back', () => {
    const { packet, given } = lent()
    const [one, two] = [borrowPieces(packet, 'bytes'), borrowPieces(packet, 'bytes')]
    one.release()
    one.release()
    expect(given).to.deep.equal([0, 0])
    two.release()
    expect(given).to.deep.equal([1, 1])
  })

  it('stays while a borrower looks, though somebody puts it together', () => {
    const { packet, given } = lent()
    const { pieces, release } = borrowPieces(packet, 'bytes')
    expect(read(packet)).to.equal('abc')
    expect(given).to.deep.equal([0, 0])
    expect(Buffer.concat(pieces).toString()).to.equal('abc')
    release()
    expect(given).to.deep.equal([1, 1])
    expect(read(packet)).to.equal('abc')
  })

  it('stays for good when somebody keeps pieces that another borrowed', () => {
    const { packet, given } = lent()
    const { release } = borrowPieces(packet, 'bytes')
    expect(piecesOf(packet, 'bytes')).to.have.lengthOf(2)
    release()
    expect(given).to.deep.equal([0, 0])
    expect(read(packet)).to.equal('abc')
  })

  it('can be borrowed where it is nobody’s, and given back for nothing', () => {
    const { packet } = inPieces('ab', 'c')
    const { pieces, release } = borrowPieces(packet, 'bytes')
    release()
    expect(Buffer.concat(pieces).toString()).to.equal('abc')
    expect(read(packet)).to.equal('abc')
  })
})

describe('the check of a packet type with bytes', () => {
  const needed = createPacketType('Picture', schema(['bytes']))
  const optional = createPacketType('Picture', schema([]))

  it('does not put together what came in pieces', () => {
    const { packet, pieces } = inPieces('ab', 'c')
    expect(needed.validate(packet)).to.equal(true)
    expect(piecesOf(packet, 'bytes')).to.have.lengthOf(pieces.length)
  })

  const table = [
    { what: 'bytes', packet: { type: 'Picture', bytes: Buffer.from('a') } },
    { what: 'a plain Uint8Array', packet: { type: 'Picture', bytes: new Uint8Array(1) } },
    { what: 'no bytes', packet: { type: 'Picture' }, says: "it must have required property 'bytes'" },
    { what: 'a text', packet: { type: 'Picture', bytes: 'a' }, says: '/bytes must be a Uint8Array' },
    { what: 'null', packet: { type: 'Picture', bytes: null }, says: '/bytes must be a Uint8Array' },
    { what: 'another array', packet: { type: 'Picture', bytes: [1] }, says: '/bytes must be a Uint8Array' },
    { what: 'a wrong field', packet: { type: 'Picture', width: 'x', bytes: 1 }, says: '/width must be integer' },
    { what: 'an unknown field', packet: { type: 'Picture', bytes: new Uint8Array(1), x: 1 }, says: 'it must NOT have' },
  ]
  for (const { what, packet, says } of table)
    it(`${says === undefined ? 'takes' : 'refuses'} ${what}`, () => {
      expect(needed.validate(packet)).to.equal(says === undefined)
      if (says !== undefined) expect(describeErrors(needed.validate)).to.include(says)
    })

  it('takes a packet without them where they are optional', () => {
    expect(optional.validate({ type: 'Picture' })).to.equal(true)
    expect(optional.validate({ type: 'Picture', bytes: 'a' })).to.equal(false)
  })
})
