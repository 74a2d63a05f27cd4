// Every setting of IncomingPeerTrustPolicy, with every level that a handshake can reach, and every type of packet: 5,760
// outcomes on real sockets, and who does not get as far.
import { expect } from 'chai'
import {
  definePlugin,
  TrustLevel,
  type IncomingAttempt,
  type PeerChannel,
  type Placement,
  type Plugin,
  type TrustLevelName,
} from 'p2pnet'
import { eventually, Nodes } from '../../../support/nodes.ts'
import { WirePeer } from '../../../support/wire-peer.ts'
import { readSchema } from '../../../schemas/read.ts'

const levels = Object.keys(TrustLevel) as TrustLevelName[]

/** In the order in which they are said: a goodbye ends the channel, where it may. */
const packets = [
  { type: 'PureMessage', message: 'hello' },
  { type: 'Identifier', data: 1 },
  { type: 'CollectionShare', peers: [] },
  { type: 'DataTransmission', dataType: 'MiscData', data: Buffer.from('x') },
  { type: 'Forecast', celsius: 1, map: Buffer.from('x') },
  { type: 'Disconnect', data: 'E_X: bye' },
]
/** The setting that lets it pass from somebody who is not trusted. */
const allowedBy: Record<string, 'default' | 'enhanced'> = {
  PureMessage: 'default',
  Disconnect: 'default',
  Identifier: 'enhanced',
  CollectionShare: 'enhanced',
  DataTransmission: 'enhanced',
  Forecast: 'enhanced',
}

/** Who calls: the third number of their address, and what becomes of them whatever handshakes say. */
const callers = {
  plain: { net: 1, lifted: false, gets: 'in' },
  'in authorized': { net: 2, lifted: true, gets: 'in' },
  'in blockedIPs': { net: 3, lifted: false, gets: 'E_BLOCKED' },
  'in blockedIdentifiers': { net: 4, lifted: false, gets: 'E_BLOCKED' },
} as const
const nameOf = (net: number, level: number) => `${String(net)}-${String(level)}`
const addressOf = (net: number, level: number) => `127.0.${String(net)}.${String(level + 1)}`
const namesOf = (net: number) => levels.map((_, level) => nameOf(net, level))

/** What the address says that the handshake reaches. */
const reachedBy = ({ peer: { address } }: PeerChannel) => (Number(address.split('.')[3]) - 1) as TrustLevel

/** Who decides how far a peer is believed, and whether that is what the handshake reaches. */
const handshakes = [
  { what: 'the built-in handshake', options: {}, counts: true },
  { what: 'no handshake', options: { runDefaultTrustProtocol: false }, counts: false },
  { what: 'one of its own', options: { peerTrustHandshake: reachedBy }, counts: true },
  {
    what: 'one of its own in place of the built-in',
    options: { peerTrustHandshake: reachedBy, runDefaultTrustProtocol: false },
    counts: true,
  },
  { what: 'one of its own that abstains', options: { peerTrustHandshake: () => undefined }, counts: true },
  {
    what: 'one of its own that abstains in place of the built-in',
    options: { peerTrustHandshake: () => undefined, runDefaultTrustProtocol: false },
    counts: false,
  },
]
const allowed = [[], ['default'], ['enhanced'], ['default', 'enhanced']]
const thresholds = levels.slice(1)
const placements: (Placement | undefined)[] = [undefined, 'queue', 'event', 'queue-and-event']

/** Has a type of its own; its handshake proves a name and reaches a level, both by address. */
const helper: Plugin = definePlugin({
  name: 'forecasts-and-levels',
  version: '1.0.0',
  api: 1,
  setup(ctx) {
    ctx.packets.register('Forecast', {
      type: 'object',
      additionalProperties: false,
      properties: {
        type: { const: 'Forecast' },
        sourceOriginIdentifier: { type: 'string' },
        sourceOriginTime: { type: 'number' },
        celsius: { type: 'number' },
        map: { bytes: true },
      },
    })
    ctx.hooks.trust.handshake.tap(
      (channel) => {
        const [, , caller, last] = channel.peer.address.split('.')
        ctx.network.identify(channel, nameOf(Number(caller), Number(last) - 1))
        return undefined
      },
      { stage: -100 },
    )
    ctx.hooks.trust.handshake.tap(reachedBy, { stage: -1 })
  },
})

describe('the outcome for a packet', () => {
  const nodes = new Nodes()
  const peers: WirePeer[] = []
  let pump: NodeJS.Timeout | undefined
  afterEach(async () => {
    clearInterval(pump)
    for (const peer of peers.splice(0)) peer.destroy()
    await nodes.clean()
  })

  for (const { what, options, counts } of handshakes)
    for (const [nth, allows] of allowed.entries())
      it(`with ${what}, where strangers may say ${allows.join(' and ') || 'nothing'}, is as the table says at each trustedLevel`, async () => {
        for (const [at, trustedLevel] of thresholds.entries()) {
          // Each placement with each threshold and with each of what strangers may.
          const incomingPeerPlacement = placements[(nth + at) % placements.length]
          const node = await nodes.start('node', [
            helper,
            {
              use: 'trust-incoming',
              options: {
                ...options,
                trustedLevel,
                allowDefaultCommunication: allows.includes('default'),
                allowEnhancedPacketExchange: allows.includes('enhanced'),
                blockedIPs: ['127.0.3.0/24'],
                blockedIdentifiers: namesOf(4),
                authorized: namesOf(2),
                ...(incomingPeerPlacement !== undefined && { incomingPeerPlacement }),
              },
            } as never,
          ])
          const heard = new Map<PeerChannel, string[]>()
          const channels = new Map<string, PeerChannel>()
          const denied = new Set<string>()
          node.on('peerAdded', (channel) => {
            heard.set(channel, [])
            channels.set(channel.peer.address, channel)
          })
          node.on('packet', ({ type }, channel) => heard.get(channel)?.push(type))
          node.on('refused', ({ hook, peer }) => {
            if (hook === 'trust.handshake') denied.add(peer)
          })
          let attempts = 0
          const accept = (attempt: IncomingAttempt | undefined) => {
            if (attempt !== undefined) attempts++
            attempt?.accept()
          }
          node.on('incomingPeer', accept)
          pump = setInterval(() => {
            if (incomingPeerPlacement === 'queue') accept(node.inboundPeers.dequeue())
          }, 1)
          const cells = Object.entries(callers).flatMap(([caller, { net, lifted, gets }]) =>
            levels.map((reached, level) => ({ caller, net, lifted, gets, reached, level })),
          )
          await Promise.all(
            cells.map(async ({ caller, net, lifted, gets, reached, level }) => {
              const words = `${caller}, reaching ${reached}, where ${trustedLevel} is wanted`
              const [address, name] = [addressOf(net, level), nameOf(net, level)]
              const peer = await WirePeer.dial(node, { from: address })
              peers.push(peer)
              if (gets !== 'in') {
                expect(await peer.farewell(), words).to.match(new RegExp(`^${gets}: `))
                await peer.closed
                expect(heard.get(channels.get(address)!) ?? [], words).to.deep.equal([])
                return
              }
              const channel = await eventually(() => channels.get(address))
              await eventually(() => channel.trusted || denied.has(name))
              const believed = counts ? level : 0
              const final = lifted && believed >= TrustLevel.identified ? TrustLevel.authorized : believed
              const trusted = final >= TrustLevel[trustedLevel]
              expect([channel.level, channel.trusted], words).to.deep.equal([final, trusted])
              peer.send(...packets)
              await eventually(() => channel.stats.packetsIn === packets.length)
              const wanted = packets
                .map(({ type }) => type)
                .filter((type) => trusted || allows.includes(allowedBy[type]!))
              expect(heard.get(channel), words).to.deep.equal(wanted)
              expect(channel.closed, words).to.equal(wanted.includes('Disconnect'))
            }),
          )
          clearInterval(pump)
          // Whoever is in blockedIPs is not even asked to wait.
          expect(attempts).to.equal(incomingPeerPlacement === undefined ? 0 : 15)
          await nodes.clean()
        }
      })

  it('is looked at for every setting that the policy has', () => {
    const { properties = {} } = readSchema('plugins/trust-incoming.json')
    expect(Object.keys(properties)).to.have.members([
      'allowDefaultCommunication',
      'allowEnhancedPacketExchange',
      'runDefaultTrustProtocol',
      'peerTrustHandshake',
      'incomingPeerPlacement',
      'trustedLevel',
      'blockedIPs',
      'blockedIdentifiers',
      'authorized',
    ])
    expect(readSchema('plugins/trust-incoming.json').properties?.trustedLevel?.enum).to.deep.equal(thresholds)
  })
})
