import { expect } from 'chai'
import { Duplex } from 'node:stream'
import type { Frame, Lane } from '../../../core/packets/wire.ts'
import { P2PNetError } from '../../../core/errors.ts'
import { OutQueue } from '../../../core/peers/out-queue.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

class Sink extends Duplex {
  readonly chunks: string[] = []
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk.toString())
    done()
  }
  override _read(): void {
    // Nothing ever comes.
  }
}

function frameOf(text: string, lane: Lane = 'message'): Frame {
  const head = Buffer.from(text)
  return { head, lane, bytes: head.byteLength, opening: () => ({ ...frameOf(`${text}!`, lane) }) }
}

const tenBytesASecond = ({ bytes }: Frame) => bytes * 100

function open(pauseAfter: ((frame: Frame) => number) | undefined) {
  const sink = new Sink()
  const clock = new VirtualClock()
  const stalled: number[] = []
  const queue = new OutQueue(
    sink,
    {
      clock,
      limitBytes: 4_194_304,
      windowBytes: Infinity,
      stallMs: 150,
      pauseAfter,
    },
    { stalled: () => stalled.push(clock.now()) },
    undefined,
  )
  const after = async (ms: number) => {
    await clock.advance(ms)
    await turn()
    return sink.chunks
  }
  return { sink, queue, after, stalled }
}

describe('a queue to a peer that cannot keep up', () => {
  it('writes a frame, then nothing for as long as the wire says', async () => {
    const { queue, after } = open(tenBytesASecond)
    for (const text of ['a', 'bb', 'c']) queue.push(frameOf(text))
    expect(await after(0)).to.deep.equal(['a!'])
    expect(await after(199)).to.deep.equal(['a!'])
    expect(await after(1)).to.deep.equal(['a!', 'bb'])
    queue.push(frameOf('d'))
    expect(await after(199)).to.deep.equal(['a!', 'bb'])
    expect(await after(1)).to.deep.equal(['a!', 'bb', 'c'])
    expect(await after(100)).to.deep.equal(['a!', 'bb', 'c', 'd'])
    await queue.flushed()
  })

  it('keeps to the lanes, frame by frame', async () => {
    const { queue, after } = open(tenBytesASecond)
    queue.push(frameOf('a', 'bulk'))
    queue.push(frameOf('b', 'message'))
    await after(0)
    queue.push(frameOf('c', 'control'))
    expect(await after(200)).to.deep.equal(['b!', 'c'])
    expect(await after(100)).to.deep.equal(['b!', 'c', 'a'])
  })

  it('writes all that waits as soon as the peer is known to keep up, and batches from then on', async () => {
    const { queue, after } = open(tenBytesASecond)
    for (const text of ['a', 'b', 'c']) queue.push(frameOf(text))
    await after(0)
    queue.keepsUp()
    expect(await after(0)).to.deep.equal(['a!', 'bc'])
    queue.push(frameOf('d'))
    queue.push(frameOf('e'))
    expect(await after(0)).to.deep.equal(['a!', 'bc', 'de'])
  })

  it('does not take its own pause for a peer that reads nothing', async () => {
    const { queue, after, stalled } = open(tenBytesASecond)
    queue.push(frameOf('aaaaaaaaaa', 'bulk'))
    queue.push(frameOf('b', 'bulk'))
    await after(0)
    expect(await after(1000)).to.have.length(1)
    expect(await after(100)).to.have.length(2)
    expect(stalled).to.deep.equal([])
  })

  it('leaves no timer behind', async () => {
    const { queue, after } = open(tenBytesASecond)
    queue.push(frameOf('a'))
    queue.push(frameOf('b'))
    await after(0)
    queue.close(new P2PNetError('E_CLOSED', 'closed'))
    expect(await after(10_000)).to.deep.equal(['a!'])
  })
})

describe('a queue to a peer that keeps up', () => {
  it('opens with the frame that says so, once, and never pauses', async () => {
    const { queue, after } = open(undefined)
    for (const text of ['a', 'b', 'c']) queue.push(frameOf(text))
    expect(await after(0)).to.deep.equal(['a!bc'])
    queue.push(frameOf('d'))
    expect(await after(0)).to.deep.equal(['a!bc', 'd'])
  })
})
