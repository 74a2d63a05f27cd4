import { expect } from 'chai'
import { definePlugin, type PeerChannel, type PeerNetwork, type Plugin } from 'p2pnet'
import { held } from '../../support/heap.ts'
import { connect, event, eventually, Nodes } from '../../support/nodes.ts'
import { frame } from '../../support/wire-codec.ts'
import { WirePeer } from '../../support/wire-peer.ts'

const text = 'x'.repeat(1000)
const message = { type: 'PureMessage', message: text } as const
const file = (bytes: number) => ({ type: 'DataTransmission', dataType: 'File', data: Buffer.alloc(bytes, 1) }) as const
const turn = () => new Promise((resolve) => setImmediate(resolve))
const tick = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** A node with a channel to somebody who reads only when told to. */
async function withReader(node: PeerNetwork, from?: string): Promise<[WirePeer, PeerChannel]> {
  const added = event(node, 'peerAdded')
  const peer = await WirePeer.dial(node, from === undefined ? {} : { from })
  peer.socket.pause()
  const [channel] = await added
  await channel.whenTrusted()
  return [peer, channel]
}

/** Takes files, each in its own time. */
function fileHandler(handle: () => Promise<void>): Plugin {
  return definePlugin({
    name: 'file-handler',
    version: '1.0.0',
    api: 1,
    setup(ctx) {
      ctx.hooks.packets.received.for('DataTransmission').tapPromise(
        async () => {
          await handle()
          return 'handled'
        },
        { stage: -10 },
      )
    },
  })
}

describe('a channel under pressure', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  it('answers false above its mark, and drained() waits for room, again and again', async () => {
    const node = await nodes.start('node')
    const [peer, channel] = await withReader(node)
    let posted = 0
    for (let round = 0; round < 5; round++) {
      do posted++
      while (channel.post(message))
      const drained = channel.drained()
      peer.socket.resume()
      await drained
      peer.socket.pause()
      await turn()
    }
    peer.socket.resume()
    await channel.flushed()
    await eventually(() => peer.received.length === posted)
    peer.destroy()
  })

  it('lets send() wait, so that whoever awaits it never fills the queue, however slow the reader', async () => {
    const node = await nodes.start('node', [], { limits: { outQueueBytes: 65_536 } })
    const [peer, channel] = await withReader(node)
    let sent = 0
    const sending = (async () => {
      for (; sent < 20_000; sent++) await channel.send(message)
    })()
    let stuckAt: number
    do {
      stuckAt = sent
      await tick(100)
    } while (sent !== stuckAt)
    expect(sent).to.be.below(20_000)
    while (sent < 20_000) {
      peer.socket.resume()
      await tick(2)
      peer.socket.pause()
      await tick(1)
    }
    await sending
    peer.socket.resume()
    await eventually(() => peer.received.length === 20_000)
    peer.destroy()
  }).timeout(40_000)

  it('lets one frame pass that is larger than the whole queue may be', async () => {
    const node = await nodes.start('node', [], { limits: { outQueueBytes: 65_536 } })
    const [peer, channel] = await withReader(node)
    peer.socket.resume()
    await channel.send({ type: 'PureMessage', message: 'x'.repeat(900_000) })
    await eventually(() => peer.received.length === 1)
    peer.destroy()
  })

  it('tells the caller E_QUEUE_FULL at the limit, holds no more than that, and forgets it with the channel', async () => {
    const node = await nodes.start('node', [], { limits: { outQueueBytes: 1_048_576, stallMs: 60_000 } })
    const [peer, channel] = await withReader(node)
    let posted = 0
    let refusal: unknown
    while (refusal === undefined) {
      try {
        channel.post(message)
        if (++posted % 100 === 0) await turn()
      } catch (error) {
        refusal = error
      }
    }
    expect(refusal).to.have.property('code', 'E_QUEUE_FULL')
    expect((posted + 1) * 1040 - channel.stats.bytesOut).to.be.at.most(1_048_576)
    expect(channel.closed).to.equal(false)
    expect(await channel.send(message).catch((error: unknown) => error)).to.have.property('code', 'E_QUEUE_FULL')
    peer.socket.resume()
    await channel.drained()
    expect(channel.post(message)).to.equal(true)
    peer.destroy()
  })

  it('resolves flushed() for what was posted before, also while more is posted all the time', async () => {
    const node = await nodes.start('node')
    const [peer, channel] = await withReader(node)
    peer.socket.resume()
    let going = true
    const posting = (async () => {
      while (going) {
        for (let i = 0; i < 50; i++) channel.post(message)
        await turn()
      }
    })()
    for (let i = 0; i < 20; i++) await channel.flushed()
    going = false
    await posting
    peer.destroy()
  })
})

describe('a peer that stops reading', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  it('is closed after stallMs with E_SLOW_PEER; the others get everything, and memory stays where it was', async () => {
    const node = await nodes.start('node', [], { limits: { stallMs: 400, outQueueBytes: 1_048_576 } })
    const [peer, stuck] = await withReader(node)
    const reader = await nodes.start('reader', [], { limits: { messagesPerSecond: 'unlimited' } })
    const [, channel] = await connect(reader, node)
    let heard = 0
    reader.on('data', () => heard++)
    const removed = event(node, 'peerRemoved', (left) => left === stuck)
    const before = held()
    let peak = 0
    const data = Buffer.alloc(65_536)
    for (let i = 0; i < 2000; i++) {
      const rows = await node.use('distribution').queue(data, 'MiscData', { to: [channel, stuck] })
      expect(rows[0]?.ok, rows[0]?.error?.message).to.equal(true)
      await channel.drained()
      if (i % 10 === 0) await tick(1)
      if (i % 100 === 0) peak = Math.max(peak, held() - before)
    }
    const [, reason] = await removed
    expect(reason.code).to.equal('E_SLOW_PEER')
    await eventually(() => heard === 2000)
    expect(peak).to.be.below(16 * 1_048_576)
    expect(node.decisions().map(({ code, hook, peer: about }) => ({ code, hook, about }))).to.deep.include({
      code: 'E_SLOW_PEER',
      hook: 'limits.stallMs',
      about: '127.0.0.1',
    })
    peer.destroy()
  }).timeout(60_000)

  it('but reads a little now and then is left alone', async () => {
    const node = await nodes.start('node', [], { limits: { stallMs: 400 } })
    const [peer, channel] = await withReader(node)
    while (channel.post(message));
    for (let i = 0; i < 8; i++) {
      while (channel.post(message));
      await tick(100)
      peer.socket.resume()
      await tick(10)
      peer.socket.pause()
    }
    expect(channel.closed).to.equal(false)
    peer.destroy()
  })

  it('and has nothing to read is left alone', async () => {
    const node = await nodes.start('node', [], { limits: { stallMs: 200 } })
    const [peer, channel] = await withReader(node)
    channel.post(message)
    await tick(500)
    expect(channel.closed).to.equal(false)
    peer.destroy()
  })
})

describe('bulk', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  it('stops at the window until the receiver gives credit', async () => {
    const node = await nodes.start('node', [], { limits: { windowBytes: 131_072, stallMs: 60_000 } })
    const [peer, channel] = await withReader(node)
    peer.socket.resume()
    for (let i = 0; i < 20; i++) channel.post(file(32_768))
    await tick(50)
    expect(peer.received).to.have.length(4)
    peer.write(frame({ code: 255, header: '', headerLength: 65_536 }))
    await eventually(() => peer.received.length === 6)
    // A lie about credit opens no more than the window.
    peer.write(frame({ code: 255, header: '', headerLength: 0xffffffff }))
    await eventually(() => peer.received.length >= 9)
    await tick(50)
    expect(peer.received.length).to.be.within(9, 11)
    peer.destroy()
  })

  it('is overtaken by a message, and by no less than all that waits', async () => {
    const node = await nodes.start('node', [], { limits: { windowBytes: 65_536, stallMs: 60_000 } })
    const [peer, channel] = await withReader(node)
    peer.socket.resume()
    for (let i = 0; i < 20; i++) channel.post(file(32_768))
    await tick(20)
    channel.post(message)
    await eventually(() => peer.received.some(({ type }) => type === 'PureMessage'))
    expect(peer.received.length).to.be.below(6)
    peer.destroy()
  })

  it('goes on between nodes that have set different windows', async () => {
    for (const [mine, theirs] of [
      [65_536, 1_048_576],
      [1_048_576, 65_536],
    ] as const) {
      const one = await nodes.start('one', [], { limits: { windowBytes: mine, stallMs: 1000 } })
      const two = await nodes.start('two', [fileHandler(() => Promise.resolve())], {
        limits: { windowBytes: theirs, stallMs: 1000 },
      })
      const [channel, other] = await connect(one, two)
      for (let i = 0; i < 200; i++) await channel.send(file(16_000))
      await eventually(() => other.stats.packetsIn === 200)
      await nodes.clean()
    }
  })

  it('waits for a handler that takes its time, and messages do not wait for it in the queue', async () => {
    const one = await nodes.start('one', [], { limits: { stallMs: 5000 } })
    const two = await nodes.start('two', [fileHandler(() => tick(5))])
    const [channel] = await connect(one, two)
    const sending = (async () => {
      for (let i = 0; i < 60; i++) await channel.send(file(65_000))
    })()
    await tick(20)
    const heard = event(two, 'message')
    await channel.send(message)
    await heard
    expect(channel.stats.bytesOut).to.be.below(60 * 65_000)
    await sending
  })
})

describe('messagesPerSecond', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  it('pauses reading above it and drops nothing, in order; others are not held up', async () => {
    const server = await nodes.start('server', [], { limits: { messagesPerSecond: 1000 } })
    const [fast] = await connect(await nodes.start('fast'), server)
    const [calm] = await connect(await nodes.start('calm'), server)
    const texts: string[] = []
    server.on('message', (said) => texts.push(said))
    const begin = Date.now()
    for (let i = 0; i < 2500; i++) fast.post({ type: 'PureMessage', message: String(i) })
    calm.post({ type: 'PureMessage', message: 'calm' })
    await eventually(() => texts.includes('calm'))
    expect(texts.length).to.be.below(2000)
    await eventually(() => texts.length === 2501)
    // A burst of 1000 at once, and the other 1500 at their rate.
    expect(Date.now() - begin).to.be.at.least(1400)
    expect(texts.filter((said) => said !== 'calm')).to.deep.equal(Array.from({ length: 2500 }, (_, i) => String(i)))
  })

  it('does not pretend that something was heard while it waited', async () => {
    const server = await nodes.start('server', [], { limits: { messagesPerSecond: 1000 } })
    const [peer, channel] = await withReader(server)
    const bytes = Buffer.concat(Array<Buffer>(1200).fill(frame()))
    peer.write(bytes)
    await eventually(() => channel.stats.bytesIn === bytes.byteLength)
    expect(channel.stats.packetsIn).to.be.below(1200)
    const at = channel.lastReceivedAt
    await eventually(() => channel.stats.packetsIn === 1200)
    expect(channel.lastReceivedAt).to.equal(at)
    peer.destroy()
  })
})
