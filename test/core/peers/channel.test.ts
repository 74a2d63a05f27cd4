import { expect } from 'chai'
import { definePlugin, type NetworkPacket, type PeerChannel, type Plugin } from 'p2pnet'
import { connect, event, eventually, Nodes } from '../../support/nodes.ts'
import { WirePeer } from '../../support/wire-peer.ts'

const message = (text: string) => ({ type: 'PureMessage', message: text }) as const
const tick = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms))

/** Handles PureMessage in its own time. */
function handler(handle: (text: string, channel: PeerChannel) => Promise<void>): Plugin {
  return definePlugin({
    name: 'slow-handler',
    version: '1.0.0',
    api: 1,
    setup(ctx) {
      ctx.hooks.packets.received.for('PureMessage').tapPromise(
        async ({ message: text }, channel) => {
          await handle(text, channel)
          return 'handled'
        },
        { stage: -10 },
      )
    },
  })
}

/** A door that the test opens. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => undefined as void
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

describe('packets of a channel', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  it('are handled in order, one after the other, by a handler that takes its time; other channels go on', async () => {
    const { opened, open } = gate()
    const seen: string[] = []
    let atOnce = 0
    const slow = handler(async (text) => {
      if (text.startsWith('quick')) {
        seen.push(text)
        return
      }
      expect(++atOnce).to.equal(1)
      if (text === 'slow 0') await opened
      else if (Number(text.slice(5)) % 3 === 0) await tick()
      seen.push(text)
      atOnce--
    })
    const server = await nodes.start('server', [slow])
    const [held] = await connect(await nodes.start('one'), server)
    const [free] = await connect(await nodes.start('two'), server)
    for (let i = 0; i < 300; i++) held.post(message(`slow ${String(i)}`))
    for (let i = 0; i < 300; i++) free.post(message(`quick ${String(i)}`))
    await eventually(() => seen.length === 300)
    expect(seen.every((text) => text.startsWith('quick'))).to.equal(true)
    open()
    await eventually(() => seen.length === 600)
    expect(seen.slice(300)).to.deep.equal(Array.from({ length: 300 }, (_, i) => `slow ${String(i)}`))
  })

  it('are all handled when the other side says them and leaves at once, however long that takes', async () => {
    const seen: string[] = []
    const server = await nodes.start('server', [
      handler(async (text) => {
        await tick(2)
        seen.push(text)
      }),
    ])
    const client = await nodes.start('client')
    const [channel, other] = await connect(client, server)
    for (let i = 0; i < 50; i++) channel.post(message(String(i)))
    const removed = event(server, 'peerRemoved')
    void channel.close({ code: 'E_DONE', reason: 'that was all' })
    const [, reason] = await removed
    expect(seen).to.deep.equal(Array.from({ length: 50 }, (_, i) => String(i)))
    expect(reason.code).to.equal('E_DONE')
    expect(other.closed).to.equal(true)
  })

  it('are all handled when the socket just ends after them', async () => {
    const seen: string[] = []
    const policy = { use: 'trust-incoming', options: { allowDefaultCommunication: true } }
    const server = await nodes.start('server', [
      policy,
      handler(async (text) => {
        await tick(2)
        seen.push(text)
      }),
    ])
    const peer = await WirePeer.dial(server)
    const removed = event(server, 'peerRemoved')
    peer.send(...Array.from({ length: 20 }, (_, i) => message(String(i))))
    peer.socket.end()
    const [, reason] = await removed
    expect(reason.code).to.equal('E_DISCONNECTED')
    expect(seen).to.have.length(20)
  })

  it('reach a handler that replies after the other side has left, and the reply is a plain no', async () => {
    const { opened, open } = gate()
    let refusal: unknown
    const server = await nodes.start('server', [
      handler(async (_text, channel) => {
        await opened
        await channel.send(message('too late')).catch((error: unknown) => (refusal = error))
      }),
    ])
    const client = await nodes.start('client')
    const [channel, other] = await connect(client, server)
    channel.post(message('hello'))
    void channel.close()
    await eventually(() => other.closed)
    open()
    await eventually(() => refusal !== undefined)
    expect(refusal).to.have.property('code', 'E_DISCONNECTED')
    await eventually(() => [...server.channels].length === 0)
  })

  it('say when they were sent, or at least when they came', async () => {
    const server = await nodes.start('server')
    const peer = await WirePeer.dial(server)
    const packets: NetworkPacket[] = []
    server.on('packet', (packet) => packets.push(packet as NetworkPacket))
    const before = Date.now()
    peer.send({ ...message('a'), sourceOriginTime: 1 }, message('b'))
    await eventually(() => packets.length === 2)
    expect(packets[0]?.sourceOriginTime).to.equal(1)
    expect(packets[1]?.sourceOriginTime).to.be.within(before, Date.now())
    peer.destroy()
  })
})

describe('a channel that closes', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  it('tells the other side code and reason, and its waiting promises fail with them', async () => {
    const [one, two] = [await nodes.start('one'), await nodes.start('two')]
    const [channel] = await connect(one, two)
    const [here, there] = [event(one, 'peerRemoved'), event(two, 'peerRemoved')]
    await channel.close({ code: 'E_MINE', reason: 'because' })
    const [, own] = await here
    const [, heard] = await there
    expect(own).to.include({ name: 'P2PNetError', code: 'E_MINE', message: 'because' })
    expect(heard).to.include({ name: 'P2PNetError', code: 'E_MINE', message: '127.0.0.1 closed the channel: because' })
    expect(channel.signal.aborted).to.equal(true)
    const asked = [channel.send(message('x')), channel.drained(), channel.flushed(), channel.whenTrusted()]
    for (const outcome of await Promise.allSettled(asked))
      expect(outcome).to.have.nested.property('reason.code', 'E_MINE')
    expect(() => channel.post(message('x')))
      .to.throw()
      .with.property('code', 'E_MINE')
    await channel.close() // again, and it is no matter
  })

  it('delivers what was posted before it, messages and control alike', async () => {
    const [one, two] = [await nodes.start('one'), await nodes.start('two')]
    const [channel] = await connect(one, two)
    const texts: string[] = []
    two.on('message', (text) => texts.push(text))
    const removed = event(two, 'peerRemoved')
    for (let i = 0; i < 2000; i++) channel.post(message(String(i)))
    void channel.close()
    await removed
    expect(texts).to.have.length(2000)
  })

  it('does not wait for a peer that never reads', async () => {
    const node = await nodes.start('node')
    const peer = await WirePeer.dial(node)
    peer.socket.pause()
    const channel = await eventually(() => [...node.channels][0])
    while (channel.post(message('x'.repeat(30_000))));
    const closed = channel.close()
    expect(channel.closed).to.equal(true)
    await closed
    peer.destroy()
  })

  it('ends a handler that holds its reading no later than others', async () => {
    const never = new Promise<void>(() => undefined)
    const server = await nodes.start('server', [handler(() => never)], { limits: { tapMs: 300 } })
    const client = await nodes.start('client')
    const [channel, other] = await connect(client, server)
    channel.post(message('hello'))
    await eventually(() => other.stats.packetsIn > 0)
    const removed = event(client, 'peerRemoved')
    await other.close({ code: 'E_MINE', reason: 'enough' })
    const [, reason] = await removed
    expect(reason.code).to.equal('E_MINE')
  })

  it('because the connection broke says so', async () => {
    const node = await nodes.start('node')
    const peer = await WirePeer.dial(node)
    await eventually(() => [...node.channels][0])
    const removed = event(node, 'peerRemoved')
    peer.socket.resetAndDestroy()
    const [, reason] = await removed
    expect(reason).to.include({ name: 'P2PNetError', code: 'E_CONNECTION' })
    expect(reason.cause).to.be.instanceOf(Error)
  })

  it('on a broken frame tells the peer, and the ledger tells the operator', async () => {
    const node = await nodes.start('node')
    const peer = await WirePeer.dial(node)
    peer.write(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))
    expect(await peer.farewell()).to.match(/^E_FRAME_INVALID: version 47/)
    await peer.closed
    expect(node.decisions({ peer: '127.0.0.1' }).map(({ code, hook }) => ({ code, hook }))).to.deep.include({
      code: 'E_FRAME_INVALID',
      hook: 'wire',
    })
  })
})

describe('whenTrusted', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  /** Answers when and what the test says. */
  function handshake(answer: () => unknown): Plugin {
    return definePlugin({
      name: 'handshake-held',
      version: '1.0.0',
      api: 1,
      setup(ctx) {
        ctx.hooks.trust.handshake.tapPromise(async () => (await answer()) as never, { stage: -20 })
      },
    })
  }

  async function waiting(answer: () => unknown, signal?: AbortSignal): Promise<[Promise<unknown>, PeerChannel]> {
    const node = await nodes.start('node', [handshake(answer)])
    const server = await nodes.start('server')
    const channel = await node.connect(server.listening[0]!)
    const outcome = channel.whenTrusted(signal === undefined ? {} : { signal }).then(
      () => 'trusted',
      (error: unknown) => (error as { code: string }).code,
    )
    return [outcome, channel]
  }

  it('resolves when the handshake reaches the level, and at once ever after', async () => {
    const [outcome, channel] = await waiting(() => 3)
    expect(await outcome).to.equal('trusted')
    await channel.whenTrusted()
    expect(channel.trusted).to.equal(true)
  })

  it('rejects when the handshake ends below it; the channel stays', async () => {
    const [outcome, channel] = await waiting(() => 1)
    expect(await outcome).to.equal('E_NOT_ALLOWED')
    expect(await channel.whenTrusted().catch((error: unknown) => error)).to.have.property('code', 'E_NOT_ALLOWED')
    expect(channel.closed).to.equal(false)
  })

  it('rejects when the handshake throws, and so the channel closes', async () => {
    const [outcome] = await waiting(() => Promise.reject(new Error('no')))
    expect(await outcome).to.equal('E_HANDSHAKE')
  })

  it('rejects when the channel closes first', async () => {
    const [outcome, channel] = await waiting(() => new Promise(() => undefined))
    await channel.close({ code: 'E_MINE', reason: 'later' })
    expect(await outcome).to.equal('E_MINE')
  })

  it('rejects when the caller gives up, and the channel goes on', async () => {
    const { opened, open } = gate()
    const abort = new AbortController()
    const [outcome, channel] = await waiting(() => opened.then(() => 3), abort.signal)
    abort.abort()
    expect(await outcome).to.equal('E_ABORTED')
    expect(await channel.whenTrusted({ signal: abort.signal }).catch((error: unknown) => error)).to.have.property(
      'code',
      'E_ABORTED',
    )
    open()
    await channel.whenTrusted()
  })
})

describe('a taker of packets that throws', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  it('closes its own channel, and nobody else suffers', async () => {
    const careless = definePlugin({
      name: 'handshake-careless',
      version: '1.0.0',
      api: 1,
      setup(ctx) {
        ctx.hooks.trust.handshake.tap(
          (channel) => {
            channel.take((packet) => {
              if (packet.type === 'Identifier') throw new Error('I did not expect that')
              return false
            })
            return undefined
          },
          { stage: -20 },
        )
      },
    })
    const node = await nodes.start('node', [careless])
    const [channel] = await connect(await nodes.start('other'), node)
    const peer = await WirePeer.dial(node)
    peer.introduce('somebody')
    expect(await peer.farewell()).to.equal('E_HANDSHAKE: the handshake failed: I did not expect that')
    const heard = event(node, 'message')
    await channel.send(message('still here'))
    await heard
  })
})
