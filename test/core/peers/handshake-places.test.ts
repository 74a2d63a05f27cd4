import { expect } from 'chai'
import { connect as dialTcp, type Socket } from 'node:net'
import type { Config, PeerNetwork } from 'p2pnet'
import { HandshakePlaces } from '../../../core/peers/handshake-places.ts'
import { connect, eventually, Nodes } from '../../support/nodes.ts'

describe('the places of handshakes', () => {
  const ip = (group: string) => `10.0.0.${group}`

  /** Who comes, by the last number of the address; who has to go for the next one. */
  const cases: { taken: string; newcomer: string; goes: number | undefined }[] = [
    { taken: '', newcomer: '1', goes: undefined },
    { taken: '1 2 3', newcomer: '4', goes: undefined },
    { taken: '1 1 2', newcomer: '3', goes: 0 },
    { taken: '2 1 1', newcomer: '3', goes: 1 },
    { taken: '2 1 1 2', newcomer: '3', goes: 0 },
    { taken: '2 1 1 2 1', newcomer: '3', goes: 1 },
    { taken: '1 1 2', newcomer: '2', goes: undefined },
    { taken: '1 1 1 2', newcomer: '2', goes: 0 },
    { taken: '1 1 1 2', newcomer: '1', goes: undefined },
  ]
  for (const { taken, newcomer, goes } of cases)
    it(`held by ${taken || 'nobody'}: ${newcomer} gets ${goes === undefined ? 'none' : `number ${String(goes)}`}`, () => {
      const places = new HandshakePlaces()
      const gone: number[] = []
      taken
        .split(' ')
        .filter(Boolean)
        .forEach((group, i) => places.take(ip(group), () => gone.push(i)))
      places.for(ip(newcomer))?.giveUp?.()
      expect(gone).to.deep.equal(goes === undefined ? [] : [goes])
    })

  it('count an IPv6 household as one, and are not taken from whom nobody can cut', () => {
    const places = new HandshakePlaces()
    const gone: string[] = []
    places.take('2001:db8:1:1::1')
    const release = places.take('2001:db8:1:2::1', () => gone.push('second'))
    places.take('10.0.0.1', () => gone.push('other'))
    places.for('10.0.0.2')?.giveUp?.()
    expect(gone).to.deep.equal(['second'])
    release()
    release()
    expect(places.size).to.equal(2)
    expect(places.for('10.0.0.2')).to.equal(undefined)
  })
})

const quiet = [
  { use: 'discovery-lan', enabled: false },
  { use: 'dialer', enabled: false },
]
const kinds: { name: string; config: Config; silence: string }[] = [
  {
    name: 'plain TCP',
    config: {
      extends: ['p2pnet:minimal'],
      plugins: ['identity-key', 'handshake-key', { use: 'trust-incoming', options: { trustedLevel: 'identified' } }],
    },
    silence: 'in the handshake of the channel',
  },
  { name: 'TLS', config: { extends: ['p2pnet:recommended'], plugins: quiet }, silence: 'in the TLS handshake' },
]

for (const { name, config, silence } of kinds)
  describe(`four addresses that are silent ${silence}, over ${name}`, () => {
    const nodes = new Nodes()
    const sockets: Socket[] = []
    afterEach(async () => {
      for (const socket of sockets.splice(0)) socket.destroy()
      await nodes.clean()
    })

    const node = async (host: string, limits: Config['limits'] = {}) => {
      const one = await nodes.compose({ ...config, network: { port: 0 }, limits }, { host })
      await one.start()
      return one
    }

    /** Connected; `open` tells how many still are. */
    async function silents(at: PeerNetwork, addresses: string[], each: number): Promise<() => number> {
      const { host, port } = at.listening[0]!
      const mine: Socket[] = []
      for (const localAddress of addresses)
        for (let i = 0; i < each; i++) {
          const socket = dialTcp({ host, port, localAddress })
          mine.push(socket.on('error', () => undefined).resume())
          await new Promise((resolve) => socket.once('connect', resolve))
        }
      sockets.push(...mine)
      return () => mine.filter(({ destroyed, readableEnded }) => !destroyed && !readableEnded).length
    }

    const addresses = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5']

    it('keep nobody out: a newcomer gets the place of the oldest of the busiest, and the operator is told', async () => {
      const server = await node('127.0.0.1', { handshakeMs: 600_000 })
      const open = await silents(server, addresses, 8)
      const friend = await node('127.0.0.1')
      const [channel] = await connect(friend, server)
      expect(channel.trusted).to.equal(true)
      // At least one, and no more than the two handshakes of the newcomer: nobody else had to go.
      await eventually(() => open() < 32)
      expect(open()).to.be.at.least(30)
      const told = server.decisions({ peer: '127.0.0.2' })
      expect(told.map(({ code, hook, plugin }) => `${code} ${hook} ${plugin}`)).to.include(
        'E_LIMIT limits.pendingHandshakes kernel',
      )
      // Who is trusted holds no place: more of the silent put out none but their own.
      await silents(server, ['127.0.0.6'], 4)
      await eventually(() => open() <= 28)
      expect([channel.closed, channel.trusted]).to.deep.equal([false, true])
    })

    it('keep nobody out where the node is full of them', async () => {
      const server = await node('127.0.0.1', { handshakeMs: 600_000, maxInbound: 8 })
      const open = await silents(server, addresses, 2)
      const [channel] = await connect(await node('127.0.0.1'), server)
      expect(channel.trusted).to.equal(true)
      await eventually(() => open() < 8)
      expect(server.decisions().map(({ code, hook }) => `${code} ${hook}`)).to.include('E_LIMIT limits.maxInbound')
    })

    it('cannot put out who is alone at an address, however many there are', async () => {
      const server = await node('127.0.0.1', { handshakeMs: 600_000, pendingHandshakes: 5 })
      const alone = await silents(server, ['127.0.0.9'], 1)
      const open = await silents(server, ['127.0.0.2', '127.0.0.3'], 2)
      const late = await silents(server, ['127.0.0.4', '127.0.0.5', '127.0.0.6', '127.0.0.7'], 1)
      await eventually(() => open() === 2)
      // Now everybody is alone at an address, and a node that has no more places says so.
      const friend = await node('127.0.0.8')
      const channel = await friend.connect(server.listening[0]!)
      const refusal = await channel.whenTrusted().catch((error: unknown) => error)
      expect(refusal).to.include({ code: 'E_LIMIT' })
      expect([alone(), open()]).to.deep.equal([1, 2])
      expect(late()).to.be.at.least(2)
    })
  })
