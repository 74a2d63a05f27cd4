import { expect } from 'chai'
import { definePlugin, type DataType, type Plugin, type PluginContext, type Wire } from 'p2pnet'
import wireBinary from '../../../../plugins/wire/binary/index.ts'
import { resolveOptions } from '../../../support/fake-context.ts'
import { connect, event, eventually, Nodes } from '../../../support/nodes.ts'
import { WirePeer } from '../../../support/wire-peer.ts'

/** wire-binary, and how often it was asked to encode what. */
function countingWire(encoded: string[]): Plugin {
  return definePlugin({
    name: 'wire-counting',
    version: '1.0.0',
    api: 1,
    provides: ['wire'],
    setup(ctx) {
      const provide = (_: 'wire', wire: Wire) => {
        const encode: Wire['encode'] = (...args) => {
          encoded.push(args[0].type)
          return wire.encode(...args)
        }
        ctx.provide('wire', { ...wire, encode })
      }
      wireBinary.setup(Object.create(ctx, { provide: { value: provide } }) as PluginContext, resolveOptions(wireBinary))
    },
  })
}

function withSetup(setup: (ctx: PluginContext) => void): Plugin {
  return definePlugin({ name: 'under-test', version: '1.0.0', api: 1, requires: ['distribution'], setup })
}

const hello = { type: 'PureMessage', message: 'hello' } as const

describe('distribution', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  it('encodes once and asks packets.outgoing once, however many peers there are', async () => {
    const encoded: string[] = []
    let asked = 0
    const counting = definePlugin({
      name: 'counting',
      version: '1.0.0',
      api: 1,
      setup(ctx) {
        ctx.hooks.packets.outgoing.tap((packet) => {
          if (packet.type === 'PureMessage') asked++
          return undefined
        })
      },
    })
    const node = await nodes.start('node', [{ use: 'wire-binary', enabled: false }, countingWire(encoded), counting])
    const heard: string[] = []
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      const other = await nodes.start(name)
      other.on('message', (text) => heard.push(`${name} ${text}`))
      await connect(node, other)
    }
    encoded.length = 0
    const rows = await node.use('distribution').queuePacket(hello)
    expect(rows.map(({ ok }) => ok)).to.deep.equal(Array(5).fill(true))
    expect([encoded, asked]).to.deep.equal([['PureMessage'], 1])
    await eventually(() => heard.length === 5)
    expect(heard.sort()).to.deep.equal(['a hello', 'b hello', 'c hello', 'd hello', 'e hello'])
  })

  it('has a row for everybody it was meant for: by name, by channel, unknown, closed', async () => {
    const node = await nodes.start('node')
    const [alice, bob] = [await WirePeer.dial(node), await WirePeer.dial(node)]
    alice.introduce('alice')
    bob.introduce('bob')
    const channelOf = (name: string) => [...node.channels].find(({ peer }) => peer.identifier === name)
    await eventually(() => channelOf('alice') && channelOf('bob'))
    const distribution = node.use('distribution')
    const named = channelOf('bob')!
    const rows = await distribution.queue(Buffer.from('x'), 'MiscData', { to: ['alice', named, 'bob', 'carol'] })
    expect(rows).to.deep.equal([
      { peer: 'alice', ok: true },
      { peer: 'bob', ok: true },
      { peer: 'carol', ok: false, error: { code: 'E_PEER_UNKNOWN', message: 'no open channel to carol' } },
    ])
    await eventually(() => alice.received.length > 0 && bob.received.length > 0)
    expect(alice.received.at(-1)).to.deep.include({
      type: 'DataTransmission',
      dataType: 'MiscData',
      data: Buffer.from('x'),
    })
    await named.close({ code: 'E_MINE', reason: 'gone' })
    expect(await distribution.queuePacket(hello, { to: [named, 'bob'] })).to.deep.equal([
      { peer: 'bob', ok: false, error: { code: 'E_MINE', message: 'gone' } },
      { peer: 'bob', ok: false, error: { code: 'E_PEER_UNKNOWN', message: 'no open channel to bob' } },
    ])
    expect(await distribution.queuePacket(hello, { to: [] })).to.deep.equal([])
    alice.destroy()
  })

  it('sends to trusted peers alone unless it is told to whom, and never waits for a stuck one', async () => {
    const node = await nodes.start(
      'node',
      [
        definePlugin({
          name: 'handshake-by-address',
          version: '1.0.0',
          api: 1,
          setup(ctx) {
            ctx.hooks.trust.handshake.tap(({ peer }) => (peer.address === '127.0.0.9' ? 0 : 3), { stage: -1 })
          },
        }),
      ],
      { limits: { stallMs: 60_000 } },
    )
    const [stranger, stuck, reader] = [
      await WirePeer.dial(node, { from: '127.0.0.9' }),
      await WirePeer.dial(node, { from: '127.0.0.2' }),
      await WirePeer.dial(node, { from: '127.0.0.3' }),
    ]
    stuck.socket.pause()
    await eventually(() => node.trustedChannels.length === 2 && [...node.channels].length === 3)
    const full = new Set<string>()
    let delivered = 0
    for (let i = 0; i < 300; i++) {
      const rows = await node.use('distribution').queue(Buffer.alloc(65_000), 'MiscData')
      expect(rows.map(({ peer }) => peer)).to.have.members(['127.0.0.2', '127.0.0.3'])
      for (const { peer, error } of rows) if (error !== undefined) full.add(`${peer} ${error.code}`)
      delivered++
      await eventually(() => reader.received.length === delivered)
    }
    expect([...full]).to.deep.equal(['127.0.0.2 E_QUEUE_FULL'])
    expect(stranger.received).to.deep.equal([])
    for (const peer of [stranger, stuck, reader]) peer.destroy()
  })

  it('says what is wrong with a packet, once for each', async () => {
    const node = await nodes.start('node')
    await connect(node, await nodes.start('other'))
    const invalid = await node.use('distribution').queuePacket({ type: 'PureMessage', message: 7 } as never)
    expect(invalid[0]?.error?.code).to.equal('E_PACKET_INVALID')
    const unknown = await node.use('distribution').queuePacket({ type: 'Nothing' })
    expect(unknown[0]?.error?.code).to.equal('E_PACKET_UNKNOWN')
    const large = await node.use('distribution').queue(Buffer.alloc(2_000_000), 'MiscData')
    expect(large[0]?.error?.code).to.equal('E_FRAME_TOO_LARGE')
  })

  it('unwraps MiscData for the data event, Task and File for their handlers, and nothing for nobody', async () => {
    const taken: string[] = []
    const take = (type: DataType) => (bytes: Uint8Array) => void taken.push(`${type} ${Buffer.from(bytes).toString()}`)
    const node = await nodes.start('node', [
      withSetup((ctx) => {
        ctx.use('distribution').handle('Task', take('Task'))
      }),
    ])
    const data: string[] = []
    node.on('data', (bytes) => data.push(Buffer.from(bytes).toString()))
    const other = await nodes.start('other')
    await connect(other, node)
    for (const type of ['MiscData', 'Task', 'File'] as const)
      await other.use('distribution').queue(Buffer.from(type.toLowerCase()), type)
    await other.use('distribution').queuePacket(hello)
    await event(node, 'message')
    expect(data).to.deep.equal(['miscdata'])
    expect(taken).to.deep.equal(['Task task'])
  })

  it('lets a plugin take MiscData in place of the event; two for one type are E_CAPABILITY_TWICE', async () => {
    const taken: number[] = []
    const node = await nodes.start('node', [
      withSetup((ctx) => {
        ctx.use('distribution').handle('MiscData', (bytes) => void taken.push(bytes.byteLength))
      }),
    ])
    const data: unknown[] = []
    node.on('data', (bytes) => data.push(bytes))
    const other = await nodes.start('other')
    await connect(other, node)
    await other.use('distribution').queue(Buffer.alloc(3), 'MiscData')
    await eventually(() => taken.length === 1)
    expect(data).to.deep.equal([])
    expect(() => {
      node.use('distribution').handle('MiscData', () => undefined)
    })
      .to.throw()
      .with.property('code', 'E_CAPABILITY_TWICE')
  })

  it('stores a file that came in one piece; one that the manager refuses is the affair of its sender', async () => {
    const node = await nodes.start('node', [{ use: 'files-mapped', options: { quota: 1000 } }])
    const failures: unknown[] = []
    node.on('pluginFailed', (failure) => failures.push(failure))
    const other = await nodes.start('other')
    await connect(other, node)
    const received = event(node, 'fileReceived')
    await other.use('distribution').queue(Buffer.alloc(500, 1), 'File')
    expect((await received)[0]).to.include({ size: 500 })
    const refused = event(node, 'refused')
    await other.use('distribution').queue(Buffer.alloc(5000, 2), 'File')
    expect((await refused)[0]).to.include({ code: 'E_QUOTA', plugin: 'distribution' })
    expect(failures).to.deep.equal([])
  })

  it('distributes no file where nothing provides transfer', async () => {
    const node = await nodes.start('node')
    const error: unknown = await node
      .use('distribution')
      .distributeFile('/nowhere')
      .catch((thrown: unknown) => thrown)
    expect(error).to.include({ code: 'E_CAPABILITY_MISSING', plugin: 'distribution' })
  })
})
