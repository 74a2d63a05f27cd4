import { expect } from 'chai'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { definePlugin, TrustLevel, type PeerNetwork, type Plugin } from 'p2pnet'
import { AccessLists } from '../../../core/trust/access-lists.ts'
import { connect, event, eventually, Nodes } from '../../support/nodes.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { WirePeer } from '../../support/wire-peer.ts'

/** Proves the name that the peer says, as a handshake with keys would: the channel is authenticated once it is known. */
const proving: Plugin = definePlugin({
  name: 'handshake-proving',
  version: '1.0.0',
  api: 1,
  setup(ctx) {
    ctx.hooks.trust.handshake.tapPromise(
      (channel) =>
        new Promise((resolve) => {
          channel.take((packet) => {
            if (packet.type !== 'Identifier') return false
            resolve(TrustLevel.authenticated)
            return true
          })
        }),
      { stage: -1 },
    )
  },
})

async function enter(node: PeerNetwork, name: string, from = '127.0.0.1'): Promise<WirePeer> {
  const peer = await WirePeer.dial(node, { from })
  peer.introduce(name)
  return peer
}

const channelOf = (node: PeerNetwork, name: string) => [...node.channels].find(({ peer }) => peer.identifier === name)

describe('what the operator decides', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())
  let dataDir: string
  beforeEach(async () => {
    dataDir = await nodes.directory()
  })
  const start = (options: object = {}) =>
    nodes.start('zebra', [proving, { use: 'trust-incoming', options }], {}, { dataDir })

  const targets: { target: string; name: string; from: string }[] = [
    { target: 'mallory', name: 'mallory', from: '127.0.0.2' },
    { target: '127.0.0.3', name: 'x', from: '127.0.0.3' },
    { target: '127.0.0.4/30', name: 'y', from: '127.0.0.6' },
    { target: '::ffff:127.0.0.8', name: 'z', from: '127.0.0.8' },
  ]
  for (const { target, name, from } of targets)
    it(`blocks ${target} at once, also on open channels, and after a restart; unblock lifts it for good`, async () => {
      let node = await start()
      const inside = await enter(node, name, from)
      const bystander = await enter(node, 'bystander', '127.0.0.9')
      await eventually(() => node.trustedChannels.length === 2)
      const removed = event(node, 'peerRemoved')
      const blocking = node.block(target)
      expect(channelOf(node, name)).to.equal(undefined)
      await blocking
      expect((await removed)[1]).to.include({ code: 'E_BLOCKED', message: 'blocked by the operator' })
      expect(await inside.farewell()).to.equal('E_BLOCKED: blocked by the operator')
      expect(node.decisions({ peer: name })).to.satisfy((all: { code: string; hook: string }[]) =>
        all.some(({ code, hook }) => code === 'E_BLOCKED' && hook === 'network.block'),
      )
      expect(await (await enter(node, name, from)).farewell()).to.match(/^E_BLOCKED: /)
      expect(bystander.isClosed).to.equal(false)
      await node.stop()
      node = await start()
      expect(await (await enter(node, name, from)).farewell()).to.match(/^E_BLOCKED: /)
      await node.unblock(target)
      const back = await enter(node, name, from)
      await eventually(() => channelOf(node, name)?.trusted)
      back.destroy()
      await node.stop()
      node = await start()
      await enter(node, name, from)
      await eventually(() => channelOf(node, name)?.trusted)
    })

  it('blocks for a time, and no longer', async () => {
    const node = await start()
    await node.block('127.0.0.2', { until: Date.now() + 300 })
    expect(await (await enter(node, 'x', '127.0.0.2')).farewell()).to.match(/^E_BLOCKED/)
    await new Promise((resolve) => setTimeout(resolve, 310))
    await enter(node, 'x', '127.0.0.2')
    await eventually(() => channelOf(node, 'x')?.trusted)
  })

  it('keeps a blocked peer out of what discovery hears, and out of what is dialled', async () => {
    const node = await start()
    const server = await nodes.start('server')
    await node.block('127.0.0.0/8')
    expect(await node.connect(server.listening[0]!).catch((error: unknown) => error)).to.have.property(
      'code',
      'E_BLOCKED',
    )
    expect(
      await node.connect({ ...server.listening[0]!, host: 'localhost' }).catch((error: unknown) => error),
    ).to.have.property('code', 'E_BLOCKED')
  })

  it('authorizes at once and after a restart, and revokes the same way', async () => {
    let node = await start({ trustedLevel: 'authorized' })
    await enter(node, 'alice')
    await eventually(() => node.decisions({ peer: 'alice' }).some(({ code }) => code === 'E_NOT_ALLOWED'))
    const channel = channelOf(node, 'alice')!
    expect(channel.trusted).to.equal(false)
    const changes: [string, number][] = []
    node.on('trustChanged', ({ peer }, level) => changes.push([peer.identifier ?? '', level]))
    const authorizing = node.authorize('alice')
    expect([channel.trusted, channel.level]).to.deep.equal([true, TrustLevel.authorized])
    await authorizing
    await channel.whenTrusted()
    const revoking = node.revoke('alice')
    expect([channel.trusted, channel.level]).to.deep.equal([false, TrustLevel.authenticated])
    await revoking
    expect(await channel.whenTrusted().catch((error: unknown) => error)).to.have.property('code', 'E_NOT_ALLOWED')
    expect(changes).to.deep.equal([
      ['alice', TrustLevel.authorized],
      ['alice', TrustLevel.authenticated],
    ])
    await node.authorize('alice')
    await node.stop()
    node = await start({ trustedLevel: 'authorized' })
    await enter(node, 'alice')
    await eventually(() => channelOf(node, 'alice')?.trusted)
    await node.revoke('alice')
    await node.stop()
    node = await start({ trustedLevel: 'authorized' })
    await enter(node, 'alice')
    await eventually(() => node.decisions({ peer: 'alice' }).some(({ code }) => code === 'E_NOT_ALLOWED'))
    expect(channelOf(node, 'alice')?.trusted).to.equal(false)
  })

  it('does not authorize a name that was only pinged', async () => {
    const node = await nodes.start('node', [
      definePlugin({
        name: 'handshake-weak',
        version: '1.0.0',
        api: 1,
        setup: (ctx) => {
          ctx.hooks.trust.handshake.tap(() => TrustLevel.pinged, { stage: -1 })
        },
      }),
    ])
    await node.authorize('alice')
    await enter(node, 'alice')
    await eventually(() => channelOf(node, 'alice'))
    await node.authorize('bob')
    expect(channelOf(node, 'alice')?.level).to.equal(TrustLevel.pinged)
  })

  for (const target of ['10.0.0.0/33', '::1/129'])
    it(`refuses ${target}, and the lists stay as they were`, async () => {
      const node = await start()
      expect(await node.block(target).catch((error: unknown) => error)).to.have.property('code', 'E_CONFIG_INVALID')
      await node.block('127.0.0.2')
      expect(JSON.parse(await readFile(path.join(dataDir, 'access.json'), 'utf8'))).to.deep.equal({
        blocked: { '127.0.0.2': null },
        authorized: [],
      })
    })

  for (const damaged of [
    '{',
    '[]',
    '{"blocked":{"x":"never"},"authorized":[]}',
    '{"blocked":{}}',
    '{"blocked":{"1.1.1.1/40":null},"authorized":[]}',
  ])
    it(`does not start over lists that it cannot read: ${damaged}`, async () => {
      await writeFile(path.join(dataDir, 'access.json'), damaged)
      const error: unknown = await start().catch((thrown: unknown) => thrown)
      expect(error).to.have.property('code', 'E_DATA_DIR')
      expect((error as Error).message).to.contain('access.json')
    })

  it('is kept as it was said, whatever the name', async () => {
    const clock = new VirtualClock()
    const lists = new AccessLists(clock, dataDir)
    const names = ['__proto__', 'constructor', 'a/24', 'x\ny', '10.0.0.1', '0:0::1', 'fe80::1%eth0']
    await Promise.all(names.map((name) => lists.block(name, name === 'x\ny' ? clock.now() + 10 : Infinity)))
    const again = new AccessLists(clock, dataDir)
    await again.load()
    for (const name of names) expect(again.isBlocked(name), name).to.equal(true)
    for (const name of ['::ffff:10.0.0.1', '::1', 'FE80::1']) expect(again.isBlocked(name), name).to.equal(true)
    for (const name of ['10.0.0.2', 'toString', 'a']) expect(again.isBlocked(name), name).to.equal(false)
    await clock.advance(11)
    expect(again.isBlocked('x\ny')).to.equal(false)
    expect(({} as Record<string, unknown>).null).to.equal(undefined)
  })
})

describe('the ledger', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  it('answers for one peer, and since a time; every refusal is told as it is written', async () => {
    const node = await nodes.start('node', [{ use: 'trust-incoming', options: { blockedIdentifiers: ['mallory'] } }])
    const told: string[] = []
    node.on('refused', ({ peer, code }) => told.push(`${peer} ${code}`))
    await connect(await nodes.start('other'), node)
    const before = Date.now()
    const peer = await enter(node, 'alice', '127.0.0.2')
    peer.send({ type: 'CollectionShare', peers: [{ address: 'a', port: 0 }] })
    await eventually(() => node.decisions({ peer: 'alice' }).length === 1)
    await (await enter(node, 'mallory', '127.0.0.3')).farewell()
    expect(node.decisions({ peer: 'alice' })[0]).to.include({
      code: 'E_PACKET_INVALID',
      plugin: 'kernel',
      hook: 'packets.received',
      count: 1,
    })
    expect(node.decisions({ peer: '127.0.0.3' }).map(({ code }) => code)).to.deep.equal(['TRUSTED', 'E_BLOCKED'])
    const recent = node.decisions({ since: before })
    expect(recent.map(({ code }) => code)).to.include.members(['E_PACKET_INVALID', 'E_BLOCKED'])
    expect(recent.every(({ time }) => time >= before)).to.equal(true)
    expect(node.decisions({ since: Date.now() + 1000 })).to.deep.equal([])
    expect(node.decisions({ peer: 'nobody' })).to.deep.equal([])
    expect(told).to.deep.equal(['alice E_PACKET_INVALID', '127.0.0.3 E_BLOCKED'])
    peer.destroy()
  })

  it('cannot be flooded by one peer, whatever it varies', async () => {
    const node = await nodes.start('node')
    const honest = await enter(node, 'alice', '127.0.0.2')
    honest.send({ type: 'CollectionShare', peers: [{ address: 'a', port: 0 }] })
    await eventually(() => node.decisions({ peer: 'alice' }).length === 1)
    const flood = await enter(node, 'mallory', '127.0.0.3')
    const { frame } = await import('../../support/wire-codec.ts')
    for (let i = 0; i < 3000; i++) flood.write(frame({ code: 0, header: `{"type":"T${String(i)}"}` }))
    await eventually(() => node.decisions({ peer: 'mallory' }).some(({ reason }) => reason.endsWith('T2999')))
    expect(node.decisions({ peer: 'mallory' }).length).to.be.at.most(100)
    expect(node.decisions({ peer: 'alice' })).to.have.length(1)
    honest.destroy()
    flood.destroy()
  })
})
