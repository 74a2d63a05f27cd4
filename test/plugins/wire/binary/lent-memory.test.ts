// The decoder in memory that is read into again: after each read, whatever nobody holds is overwritten.
import { expect } from 'chai'
import fc from 'fast-check'
import { borrowPieces, piecesOf, type Decoder, type NetworkPacket } from '../../../../core/index.ts'
import { Reader } from '../../../../core/peers/reader.ts'
import { bytesOf, openWire } from '../../../support/wire-codec.ts'

const filled = (length: number, seed: number) =>
  Buffer.from(Array.from({ length }, (_, i) => (i * 7 + (i >> 8) + seed) & 0xff))

type Packet = NetworkPacket & { data: Uint8Array }

/** A connection as the reader sees it: one memory that all share, or the reader's own. */
class Pipe {
  readonly reader: Reader
  readonly #shared = Buffer.alloc(65_536)

  constructor(decoder: Decoder, onPacket: (packet: NetworkPacket) => boolean) {
    this.reader = new Reader((chunk, memory) => {
      decoder.push(chunk, memory)
      for (let packet = decoder.next(); packet !== undefined; packet = decoder.next())
        if (!onPacket(packet)) {
          decoder.keepRest?.()
          this.#shared.fill(0xee)
        }
      this.#shared.fill(0xdd)
    })
  }

  /** Reads these bytes in reads of `size`, or as many as there is room for. */
  read(all: Buffer, sizes: readonly number[]): void {
    for (let at = 0, i = 0; at < all.byteLength; i++) {
      const memory = this.reader.memory() ?? this.#shared
      const bytes = all.copy(memory, 0, at, at + Math.min(sizes[i % sizes.length] ?? 1, memory.byteLength))
      at += bytes
      this.reader.take(memory.subarray(0, bytes))
    }
  }
}

/** What somebody does with a packet: now, and later, when much more was read. Answers the bytes. */
const uses: Record<string, (packet: Packet) => () => Uint8Array> = {
  'reads the field': (packet) => {
    const { data } = packet
    return () => data
  },
  'reads the field later': (packet) => () => packet.data,
  'keeps the pieces': (packet) => {
    const pieces = piecesOf(packet, 'data')
    return () => Buffer.concat(pieces)
  },
  'borrows, and gives back at once': (packet) => {
    const { pieces, release } = borrowPieces(packet, 'data')
    const copy = Buffer.concat(pieces)
    release()
    return () => copy
  },
  'borrows, and gives back later': (packet) => {
    const { pieces, release } = borrowPieces(packet, 'data')
    return () => {
      const copy = Buffer.concat(pieces)
      release()
      return copy
    }
  },
}

describe('a packet that lies in memory which is read into again', () => {
  const wire = openWire()
  const limits = { frameBytes: 1_048_576 }
  const size = fc.oneof(
    fc.constantFrom(0, 1, 300, 32_767, 32_768, 65_516, 65_536, 150_000),
    fc.integer({ min: 0, max: 80_000 }),
  )
  const reads = fc.array(
    fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.constant(65_536), fc.integer({ min: 1, max: 65_536 })),
    { minLength: 1, maxLength: 12 },
  )

  it('has its bytes, whatever is done with it and whenever, and however it is read', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(size, fc.constantFrom(...Object.keys(uses)), fc.boolean()), { minLength: 1, maxLength: 12 }),
        reads,
        (plan, sizes) => {
          const packets = plan.map(([length], i) => ({
            type: 'DataTransmission',
            dataType: 'File',
            data: filled(length, i),
          }))
          // Messages in between: small frames share reads with large ones.
          const message = (i: number) => bytesOf(wire, { type: 'PureMessage', message: `m${String(i)}` })
          const all = Buffer.concat(packets.flatMap((packet, i) => [bytesOf(wire, packet), message(i)]))
          const later: (() => Uint8Array)[] = []
          const texts: string[] = []
          const pipe = new Pipe(wire.createDecoder(limits), (packet) => {
            if (packet.type !== 'DataTransmission') {
              texts.push((packet as NetworkPacket & { message: string }).message)
              return true
            }
            const [, use = '', waits = false] = plan[later.length] ?? []
            later.push(uses[use]!(packet as Packet))
            return !waits
          })
          pipe.read(all, sizes)
          expect(texts).to.deep.equal(plan.map((_, i) => `m${String(i)}`))
          expect(later).to.have.lengthOf(plan.length)
          later.forEach((bytes, i) => {
            if (!packets[i]!.data.equals(bytes())) throw new Error(`packet ${String(i)} has other bytes`)
          })
        },
      ),
      { numRuns: 120, seed: 4 },
    )
  })

  it('takes up no memory but one room and what is held, as long as it is given back', () => {
    const rooms = new Set<ArrayBufferLike>()
    const pipe = new Pipe(wire.createDecoder(limits), (packet) => {
      const { pieces, release } = borrowPieces(packet as Packet, 'data')
      for (const { buffer } of pieces) rooms.add(buffer)
      release()
      return true
    })
    const one = bytesOf(wire, { type: 'DataTransmission', dataType: 'File', data: filled(65_536, 1) })
    pipe.read(Buffer.concat(Array<Buffer>(200).fill(one)), [65_536])
    // The first payload of a row is copied; then a frame that spans a read lies in two rooms.
    expect(rooms.size).to.be.within(2, 5)
  })

  it('is in the shared memory again once small packets come', () => {
    const pipe = new Pipe(wire.createDecoder(limits), (packet) => {
      if (packet.type === 'DataTransmission') borrowPieces(packet as Packet, 'data').release()
      return true
    })
    const bulk = bytesOf(wire, { type: 'DataTransmission', dataType: 'File', data: filled(100_000, 1) })
    pipe.read(bulk, [65_536])
    expect(pipe.reader.memory()).to.be.an.instanceOf(Uint8Array)
    const small = bytesOf(wire, { type: 'PureMessage', message: 'small' })
    pipe.read(small, [65_536])
    expect(pipe.reader.memory()).to.be.an.instanceOf(Uint8Array)
    for (let i = 0; i < 16; i++) pipe.read(small, [65_536])
    expect(pipe.reader.memory()).to.equal(undefined)
  })
})
