import { expect } from 'chai'
import { Duplex } from 'node:stream'
import type { Frame, Lane } from '../../../core/packets/wire.ts'
import { OutQueue } from '../../../core/peers/out-queue.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A connection that takes everything at once, or only when told to. */
class Sink extends Duplex {
  readonly chunks: Buffer[] = []
  held: (() => void)[] = []
  hold = false

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk)
    if (this.hold) this.held.push(done)
    else done()
  }

  override _read(): void {
    // Nothing ever comes.
  }

  release(): void {
    for (const done of this.held.splice(0)) done()
  }
}

function frameOf(head: string | Buffer, lane: Lane = 'message', payload?: Buffer): Frame {
  const bytes = Buffer.from(head)
  return { head: bytes, lane, bytes: bytes.byteLength + (payload?.byteLength ?? 0), ...(payload && { payload }) }
}

function open(options: Partial<ConstructorParameters<typeof OutQueue>[1]> = {}) {
  const sink = new Sink()
  const clock = new VirtualClock()
  const stalled: number[] = []
  const queue = new OutQueue(
    sink,
    {
      clock,
      limitBytes: 4_194_304,
      windowBytes: 524_288,
      stallMs: 1000,
      ...options,
    },
    { stalled: () => stalled.push(clock.now()) },
    undefined,
  )
  return { sink, clock, queue, stalled }
}

describe('the queue of a channel', () => {
  it('writes what was pushed in one turn at once: control, then messages, then bulk', async () => {
    const { sink, queue } = open()
    queue.push(frameOf('b1', 'bulk'))
    queue.push(frameOf('m1'))
    queue.push(frameOf('c1', 'control'))
    queue.push(frameOf('m2', 'message', Buffer.from('payload')))
    await turn()
    expect(sink.chunks.map(String)).to.deep.equal(['c1m1m2payloadb1'])
  })

  it('writes large payloads by reference, in their place', async () => {
    const { sink, queue } = open()
    const large = Buffer.alloc(10_000)
    queue.push(frameOf('a'))
    queue.push(frameOf('b', 'message', large))
    queue.push(frameOf('c'))
    await turn()
    expect(sink.chunks.map((chunk) => (chunk.length > 100 ? 'large' : String(chunk)))).to.deep.equal([
      'ab',
      'large',
      'c',
    ])
    expect(sink.chunks[1]?.buffer).to.equal(large.buffer)
  })

  it('lets the event loop breathe, although the connection takes everything at once and the sender never stops', async () => {
    const { sink, queue } = open()
    let turns = 0
    let going = true
    const counting = (async () => {
      for (; going; turns++) await turn()
    })()
    const frame = frameOf(Buffer.alloc(1000))
    for (let i = 0; i < 500; i++) {
      for (let j = 0; j < 200; j++) queue.push(frame)
      await queue.flushed()
    }
    going = false
    await counting
    expect(sink.chunks.length).to.be.above(0)
    // A hundred megabytes: a turn for each mebibyte, about.
    expect(turns).to.be.above(80)
  })

  it('keeps nothing alive of what it has written, although its lane is never empty', async () => {
    const { queue, sink } = open()
    const alive: WeakRef<Buffer>[] = []
    sink.hold = true
    for (let i = 0; i < 40; i++) {
      const payload = Buffer.alloc(65_536)
      alive.push(new WeakRef(payload))
      queue.push(frameOf('x', 'message', payload))
    }
    const { collect } = await import('../../support/heap.ts')
    for (let i = 0; i < 6; i++) {
      await turn()
      sink.chunks.length = 0
      sink.release()
      await turn()
    }
    sink.chunks.length = 0
    collect()
    await turn()
    expect(queue.weight).to.be.above(0)
    const held = alive.filter((ref) => ref.deref() !== undefined).length
    expect(held * 65_536).to.be.below(queue.weight + 300_000)
  })

  it('counts the stall from the last thing that moved, and not while there is nothing to wait for', async () => {
    const { clock, queue, sink, stalled } = open()
    await clock.advance(5000)
    sink.hold = true
    queue.push(frameOf(Buffer.alloc(20_000)))
    await clock.advance(900)
    sink.release()
    queue.push(frameOf(Buffer.alloc(20_000)))
    await clock.advance(900)
    expect(stalled).to.deep.equal([])
    await clock.advance(200)
    expect(stalled).to.have.length(1)
    sink.release()
    await clock.advance(5000)
    expect(stalled).to.have.length(1)
    expect(clock.pending).to.equal(0)
  })

  it('counts the stall of bulk without credit too', async () => {
    const { clock, queue, stalled } = open({ windowBytes: 1000 })
    queue.push(frameOf(Buffer.alloc(1000), 'bulk'))
    queue.push(frameOf(Buffer.alloc(1000), 'bulk'))
    await clock.advance(900)
    queue.grant(1)
    await clock.advance(900)
    expect(stalled).to.deep.equal([])
    queue.push(frameOf(Buffer.alloc(1000), 'bulk'))
    await clock.advance(1100)
    expect(stalled).to.have.length(1)
  })

  it('says its last word after the messages, and drops the bulk', async () => {
    const { queue, sink } = open({ windowBytes: 10 })
    queue.push(frameOf('b1'.repeat(10), 'bulk'))
    queue.push(frameOf('b2'.repeat(10), 'bulk'))
    queue.push(frameOf('m'))
    await queue.finish(frameOf('bye', 'control'))
    expect(sink.chunks.map(String)).to.deep.equal(['mbye'])
  })
})
