import { expect } from 'chai'
import fc from 'fast-check'
import { anyPacket, packets } from './packets.ts'
import { bytesOf, cut, openTagged, pull, pullUntilError } from './tagged-wire.ts'

const limits = { frameBytes: 1_048_576 }

describe('a packet that is written as text and read', () => {
  const wire = openTagged()

  for (const [type, arbitrary] of Object.entries(packets))
    it(`is the same again, however its bytes are cut: ${type}`, () => {
      fc.assert(
        fc.property(fc.array(arbitrary, { minLength: 1, maxLength: 4 }), fc.array(fc.nat()), (sent, places) => {
          const decoder = wire.createDecoder(limits)
          const all = Buffer.concat(sent.map((packet) => bytesOf(wire, packet)))
          expect(cut(all, places).flatMap((chunk) => pull(decoder, chunk))).to.deep.equal(sent)
        }),
        { numRuns: 900, seed: 1 },
      )
    })

  it('is the same again byte by byte, whatever the mixture', () => {
    fc.assert(
      fc.property(fc.array(anyPacket, { maxLength: 5 }), (sent) => {
        const decoder = wire.createDecoder(limits)
        const all = Buffer.concat(sent.map((packet) => bytesOf(wire, packet)))
        expect([...all].flatMap((byte) => pull(decoder, Uint8Array.of(byte)))).to.deep.equal(sent)
      }),
      { numRuns: 300, seed: 2 },
    )
  })

  it('is the same again in a run of messages from one sender', () => {
    fc.assert(
      fc.property(
        fc.array(packets.PureMessage!, { minLength: 2, maxLength: 6 }),
        fc.string({ unit: 'binary', minLength: 1 }),
        (messages, sourceOriginIdentifier) => {
          const sent = messages.map((packet) => ({ ...packet, sourceOriginIdentifier }))
          const all = Buffer.concat(sent.map((packet) => bytesOf(wire, packet)))
          expect(pull(wire.createDecoder(limits), all)).to.deep.equal(sent)
        },
      ),
      { numRuns: 900, seed: 7 },
    )
  })

  it('comes to the same, or fails in the same words, whatever came before it', () => {
    const sourceOriginIdentifier = 'a"\\+é'
    const time = 1_745_000_000_500
    const messages = fc.oneof(
      packets.PureMessage!,
      fc.constantFrom('\\', '"', '\\"').map((message) => ({ message })),
    )
    /** One letter of the text is put in, taken out or replaced. */
    const change = fc.record({
      at: fc.nat(),
      cut: fc.nat({ max: 1 }),
      put: fc.constantFrom('', '"', '\\', '\0', '}', ',', '<', '9', 'é', '\\u00', '{'),
    })
    fc.assert(
      fc.property(messages, change, (packet, { at, cut: length, put }) => {
        const known = bytesOf(wire, {
          type: 'PureMessage',
          message: 'x',
          sourceOriginIdentifier,
          sourceOriginTime: time,
        })
        const element = bytesOf(wire, {
          ...packet,
          type: 'PureMessage',
          sourceOriginIdentifier,
          sourceOriginTime: time,
        }).toString('latin1')
        const body = element.slice(9, -10)
        const place = at % body.length
        const changed = `<Message>${body.slice(0, place)}${put}${body.slice(place + length)}</Message>`
        const [fresh, primed] = [wire.createDecoder(limits), wire.createDecoder(limits)]
        expect(pull(primed, known)).to.have.length(1)
        const [expected, result] = [fresh, primed].map((decoder) => pullUntilError(decoder, Buffer.from(changed)))
        expect(result?.packets).to.deep.equal(expected?.packets)
        expect(result?.error?.message).to.equal(expected?.error?.message)
      }),
      { numRuns: 3000, seed: 8 },
    )
  })

  it('is the same again in raw UTF-8, cut within its sequences, among elements that nobody knows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat()),
        (texts, places) => {
          const decoder = wire.createDecoder(limits)
          const elements = texts.map(
            (message) => `<Message>${JSON.stringify({ Message: message }).replaceAll('<', '\\u003c')}</Message>`,
          )
          const all = Buffer.from(elements.join('<Other>ü</Othe<</Other> '))
          expect(cut(all, places).flatMap((chunk) => pull(decoder, chunk))).to.deep.equal(
            texts.map((message) => ({ type: 'PureMessage', message })),
          )
        },
      ),
      { numRuns: 500, seed: 3 },
    )
  })

  it('keeps a time to 100 ns', () => {
    fc.assert(
      fc.property(fc.double({ min: -6e13, max: 2.5e14, noNaN: true }), (time) => {
        const packet = { type: 'PureMessage', message: '', sourceOriginTime: time }
        const [received] = pull(wire.createDecoder(limits), bytesOf(wire, packet))
        expect(received?.sourceOriginTime).to.be.closeTo(time, 0.000_05 + Math.abs(time) * Number.EPSILON)
      }),
      { numRuns: 500, seed: 4 },
    )
  })
})

describe('the two wires', () => {
  const tagged = openTagged()

  it('carry every type of packet equally', async () => {
    const { openWire } = await import('../../../support/wire-codec.ts')
    const binary = openWire()
    for (const [type, arbitrary] of Object.entries(packets))
      fc.assert(
        fc.property(arbitrary, (packet) => {
          const through = [binary, tagged].map((wire) => pull(wire.createDecoder(limits), bytesOf(wire, packet)))
          expect(through[0], type).to.deep.equal(through[1])
          expect(binary.encode(packet as never).lane).to.equal(tagged.encode(packet as never).lane)
          expect(through[1]?.every((received) => tagged.validate(received))).to.equal(tagged.validate(packet as never))
        }),
        { numRuns: 300, seed: 5 },
      )
  })

  it('both leave a packet as it was', () => {
    for (const arbitrary of Object.values(packets))
      fc.assert(
        fc.property(arbitrary, (packet) => {
          const before = structuredClone(packet)
          tagged.encode(packet as never)
          expect(Object.keys(packet)).to.deep.equal(Object.keys(before))
        }),
        { numRuns: 50, seed: 6 },
      )
  })
})
