import { expect } from 'chai'
import { definePlugin, TrustLevel, type PeerNetwork, type Plugin, type TrustLevelName } from 'p2pnet'
import { event, eventually, Nodes } from '../../../support/nodes.ts'
import { WirePeer } from '../../../support/wire-peer.ts'

/** Registers a type of its own. */
const forecasts: Plugin = definePlugin({
  name: 'forecasts',
  version: '1.0.0',
  api: 1,
  setup(ctx) {
    const type = { const: 'Forecast' }
    const fields = { sourceOriginIdentifier: { type: 'string' }, sourceOriginTime: { type: 'number' } }
    ctx.packets.register('Forecast', {
      type: 'object',
      additionalProperties: false,
      properties: { type, ...fields, celsius: { type: 'number' }, map: { bytes: true } },
    })
  },
})

/** A handshake that reaches this level. */
function reaching(level: TrustLevel): Plugin {
  return definePlugin({
    name: 'handshake-reaching',
    version: '1.0.0',
    api: 1,
    setup(ctx) {
      ctx.hooks.trust.handshake.tap(() => level, { stage: -1 })
    },
  })
}

const packets = {
  PureMessage: { type: 'PureMessage', message: 'hello' },
  Disconnect: { type: 'Disconnect', data: 'E_X: bye' },
  Identifier: { type: 'Identifier', data: 1 },
  CollectionShare: { type: 'CollectionShare', peers: [] },
  DataTransmission: { type: 'DataTransmission', dataType: 'MiscData', data: Buffer.from('x') },
  Forecast: { type: 'Forecast', celsius: 1, map: Buffer.from('x') },
}
const standard = ['PureMessage', 'Disconnect']

interface Setting {
  readonly allowDefaultCommunication: boolean
  readonly allowEnhancedPacketExchange: boolean
  readonly runDefaultTrustProtocol: boolean
}

const booleans = [false, true]
const settings: Setting[] = booleans.flatMap((allowDefaultCommunication) =>
  booleans.flatMap((allowEnhancedPacketExchange) =>
    booleans.map((runDefaultTrustProtocol) => ({
      allowDefaultCommunication,
      allowEnhancedPacketExchange,
      runDefaultTrustProtocol,
    })),
  ),
)

describe('IncomingPeerTrustPolicy', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  const policyNode = (options: object, level: TrustLevel = TrustLevel.authenticated): Promise<PeerNetwork> =>
    nodes.start('node', [reaching(level), { use: 'trust-incoming', options }, forecasts])

  for (const setting of settings)
    for (const level of ['pinged', 'authenticated'] as TrustLevelName[]) {
      // A handshake that is not run leaves everybody untrusted, whatever it would have said.
      const trusted = setting.runDefaultTrustProtocol && level === 'authenticated'
      const allowed = Object.keys(packets).filter(
        (type) =>
          trusted ||
          (standard.includes(type) ? setting.allowDefaultCommunication : setting.allowEnhancedPacketExchange),
      )
      const on = Object.entries(setting).flatMap(([name, value]) => (value ? [name] : []))
      it(`with ${on.join(', ') || 'nothing'} lets a peer at ${level} pass ${allowed.join(', ') || 'nothing'}`, async () => {
        const node = await policyNode(setting, TrustLevel[level])
        const admitted: string[] = []
        node.on('packet', ({ type }) => admitted.push(type))
        for (const [type, packet] of Object.entries(packets)) {
          const added = event(node, 'peerAdded')
          const settled = trusted
            ? event(node, 'trustChanged')
            : event(node, 'refused', ({ code }) => code === 'E_NOT_ALLOWED')
          const peer = await WirePeer.dial(node)
          const [channel] = await added
          await settled
          expect(channel.trusted).to.equal(trusted)
          const packetsBefore = channel.stats.packetsIn
          peer.send(packet)
          await eventually(() => channel.stats.packetsIn > packetsBefore)
          expect(admitted.splice(0), type).to.deep.equal(allowed.includes(type) ? [type] : [])
          // A packet that may not pass is dropped, and the channel stays.
          expect(channel.closed, type).to.equal(allowed.includes(type) && type === 'Disconnect')
          peer.destroy()
          await peer.closed
          await eventually(() => [...node.channels].length === 0)
        }
        const refused = node.decisions().filter(({ hook }) => hook === 'packets.admit')
        expect(refused.map(({ reason }) => reason.split(' ')[0])).to.have.members(
          Object.keys(packets).filter((type) => !allowed.includes(type)),
        )
        for (const { code, plugin, peer } of refused)
          expect({ code, plugin, peer }).to.deep.equal({
            code: 'E_NOT_ALLOWED',
            plugin: 'trust-incoming',
            peer: '127.0.0.1',
          })
      })
    }

  const addresses: { blockedIPs: string[]; address: string; blocked: boolean }[] = [
    { blockedIPs: ['127.0.0.5'], address: '127.0.0.5', blocked: true },
    { blockedIPs: ['127.0.0.5'], address: '127.0.0.6', blocked: false },
    { blockedIPs: ['127.0.0.4/30'], address: '127.0.0.7', blocked: true },
    { blockedIPs: ['127.0.0.4/30'], address: '127.0.0.8', blocked: false },
    { blockedIPs: ['127.0.0.99/24'], address: '127.0.0.1', blocked: true },
    { blockedIPs: ['10.0.0.0/8', '127.0.0.6/32'], address: '127.0.0.6', blocked: true },
    { blockedIPs: ['::ffff:127.0.0.6'], address: '127.0.0.6', blocked: true },
    { blockedIPs: ['::1', 'fe80::/10', '2001:db8::/32'], address: '127.0.0.6', blocked: false },
  ]
  for (const { blockedIPs, address, blocked } of addresses)
    it(`with blockedIPs ${blockedIPs.join(' ')} ${blocked ? 'refuses' : 'lets in'} ${address}`, async () => {
      const node = await policyNode({ blockedIPs })
      const peer = await WirePeer.dial(node, { from: address })
      if (blocked) {
        expect(await peer.farewell()).to.equal(`E_BLOCKED: ${address} is in blockedIPs`)
        const [decision] = node.decisions({ peer: address })
        expect(decision).to.include({ plugin: 'trust-incoming', hook: 'trust.connection', code: 'E_BLOCKED', count: 1 })
        expect(await node.connect({ host: address, port: 1 }).catch((error: unknown) => error)).to.have.property(
          'code',
          'E_BLOCKED',
        )
      } else await eventually(() => node.trustedChannels[0])
      const refusal = { code: 'E_BLOCKED', reason: `${address} is in blockedIPs` }
      expect(node.use('trust').refusesAddress?.(address), 'when asked').to.deep.equal(blocked ? refusal : undefined)
      peer.destroy()
    })

  for (const entry of [
    '127.0.0.0/',
    '127.0.0.0/33',
    '::/129',
    '127.0.0/8',
    '127.0.0.1/8/9',
    '127.0.0.1/ 8',
    'localhost',
    '*',
    'fe80::1%lo',
  ])
    it(`refuses to start with blockedIPs ${entry}`, async () => {
      const error: unknown = await policyNode({ blockedIPs: [entry] }).catch((thrown: unknown) => thrown)
      expect(error).to.include({ code: 'E_PLUGIN_OPTIONS', plugin: 'trust-incoming' })
      expect((error as Error).message).to.contain(JSON.stringify(entry))
    })

  it('with blockedIdentifiers closes whoever says such a name', async () => {
    const node = await policyNode({ blockedIdentifiers: ['mallory'] })
    const peer = await WirePeer.dial(node)
    peer.introduce('mallory')
    expect(await peer.farewell()).to.equal('E_BLOCKED: mallory is in blockedIdentifiers')
    expect(node.decisions().map(({ code }) => code)).to.include('E_BLOCKED')
    const friend = await WirePeer.dial(node)
    friend.introduce('alice')
    await eventually(() => [...node.channels].some(({ peer: { identifier } }) => identifier === 'alice'))
    friend.destroy()
  })

  it('with authorized lifts a peer that proved its name, and says plainly that the config stands above the operator', async () => {
    const node = await policyNode({
      authorized: ['alice'],
      blockedIPs: ['127.0.0.66'],
      blockedIdentifiers: ['mallory'],
    })
    const peer = await WirePeer.dial(node)
    peer.introduce('alice')
    await eventually(() => [...node.channels][0]?.peer.identifier)
    await node.authorize('somebody-else') // judges again, now that the name is known
    expect([...node.channels][0]?.level).to.equal(TrustLevel.authorized)
    for (const change of [() => node.revoke('alice'), () => node.unblock('mallory'), () => node.unblock('127.0.0.66')])
      expect(await change().catch((error: unknown) => error)).to.include({
        code: 'E_NOT_ALLOWED',
        plugin: 'trust-incoming',
      })
    peer.destroy()
  })
})

describe('peerTrustHandshake', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  const outcomes: { does: string; handshake: () => unknown; options?: object; level: TrustLevelName; code?: string }[] =
    [
      { does: 'answers a level', handshake: () => TrustLevel.authorized, level: 'authorized' },
      { does: 'answers a level later', handshake: () => Promise.resolve(TrustLevel.identified), level: 'identified' },
      { does: 'leaves it to the built-in', handshake: () => undefined, level: 'authenticated' },
      {
        does: 'leaves it to a built-in that is not run',
        handshake: () => undefined,
        options: { runDefaultTrustProtocol: false },
        level: 'unknown',
      },
      {
        does: 'throws',
        handshake: () => {
          throw new Error('no key')
        },
        level: 'unknown',
        code: 'E_HANDSHAKE',
      },
      { does: 'rejects', handshake: () => Promise.reject(new Error('no key')), level: 'unknown', code: 'E_HANDSHAKE' },
      { does: 'answers what is no level', handshake: () => 'authenticated', level: 'unknown', code: 'E_HANDSHAKE' },
    ]
  for (const { does, handshake, options = {}, level, code } of outcomes)
    it(`that ${does} leaves the peer at ${level}${code === undefined ? '' : `, refused with ${code}`}`, async () => {
      const node = await nodes.start('node', [
        { use: 'trust-incoming', options: { ...options, peerTrustHandshake: handshake } } as never,
      ])
      const added = event(node, 'peerAdded')
      const peer = await WirePeer.dial(node)
      const [channel] = await added
      if (code === undefined) {
        await eventually(() => node.decisions({ peer: '127.0.0.1' }).length > 0)
        expect(channel.level).to.equal(TrustLevel[level])
        expect(channel.closed).to.equal(false)
      } else {
        expect(await peer.farewell()).to.match(new RegExp(`^${code}: `))
        const refusal = node.decisions({ peer: '127.0.0.1' }).find(({ hook }) => hook === 'trust.handshake')
        expect(refusal?.reason).to.contain(does === 'answers what is no level' ? '"authenticated"' : 'no key')
      }
      peer.destroy()
    })
})
