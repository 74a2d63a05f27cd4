// Whom the dialer dials again, when, and until when.
import { expect } from 'chai'
import { P2PNetError } from '../../../../core/errors.ts'
import type { NetworkInterface } from '../../../../core/interfaces.ts'
import type { PeerChannel } from '../../../../core/peers/channel.ts'
import type { Peer } from '../../../../core/peers/peer.ts'
import dialer from '../../../../plugins/discovery/dialer/index.ts'
import { fakeChannel, fakeContext, resolveOptions, type FakeContext } from '../../../support/fake-context.ts'

describe('the dialer, when a trusted channel is lost', () => {
  let node: FakeContext
  let start: number
  let dials: string[]
  let interfaces: NetworkInterface[]
  let known: Peer[]
  let answer: () => Promise<PeerChannel>
  const open = (options: Record<string, unknown> = {}, host = '0.0.0.0') => {
    dials = []
    answer = () => Promise.reject(new P2PNetError('E_DIAL', 'nobody'))
    node = fakeContext({
      settings: { host },
      network: {
        connect: ({ port }) => {
          dials.push(`${String(node.clock.now() - start)} ${String(port)}`)
          return answer()
        },
        get interfaces() {
          return interfaces
        },
        get knownPeers() {
          const get = (identifier: string) => known.find((peer) => peer.identifier === identifier)
          return Object.assign(known, { get }) as never
        },
      },
    })
    node.ctx.random.next = () => 0.5
    dialer.setup(node.ctx, resolveOptions(dialer, options))
    void dialer.start?.(node.ctx)
    start = node.clock.now()
  }
  const place = (port: number, via = 'channel') => ({
    scheme: 'tcp',
    host: '10.0.0.2',
    port,
    via,
    proved: via === 'channel',
  })
  const peer = (identifier: string, ...addresses: ReturnType<typeof place>[]): Peer => ({
    identifier,
    addresses,
    via: 'channel',
    lastSeen: 0,
  })
  beforeEach(() => {
    interfaces = []
    known = []
    open()
    known.push(peer('a', place(1)))
  })
  afterEach(() => node.leave())

  const channelTo = (identifier: string, fields: object = {}) =>
    fakeChannel({
      inbound: true,
      scheme: 'tcp',
      lost: true,
      peer: { address: '10.0.0.2', port: 40_000, identifier },
      ...fields,
    })
  const lose = (channel = channelTo('a'), code = 'E_CONNECTION') => {
    node.emit('peerRemoved', channel, new P2PNetError(code, 'gone'))
    return channel
  }
  const times = () => dials.map((dial) => Number(dial.split(' ')[0]))

  it('dials after 250 ms, twice as late each time up to a minute, and for an hour', async () => {
    lose()
    await node.clock.advance(7_200_000)
    expect(times().slice(0, 10)).to.deep.equal([250, 750, 1750, 3750, 7750, 15_750, 31_750, 63_750, 123_750, 183_750])
    expect(times().at(-1)).to.be.within(3_540_000, 3_600_000)
    expect(node.clock.pending).to.equal(1) // the look at the interfaces
  })

  it('does so to the times of the options', async () => {
    open({ reconnectFirstMs: 1000, reconnectLongestMs: 2000, reconnectForMs: 6000 })
    lose()
    await node.clock.advance(60_000)
    expect(times()).to.deep.equal([1000, 3000, 5000])
    open({ reconnectForMs: 0 })
    lose()
    await node.clock.advance(60_000)
    expect(dials).to.deep.equal([])
  })

  it('gives or takes a quarter', async () => {
    for (const [random, first] of [
      [0, 188],
      [0.999_999, 313],
    ] as const) {
      open()
      node.ctx.random.next = () => random
      lose()
      await node.clock.advance(first - 1)
      expect(dials).to.have.lengthOf(0)
      await node.clock.advance(1)
      expect(dials).to.have.lengthOf(1)
    }
  })

  it('tries the places one after the other, and none that only lists name', async () => {
    known[0] = peer('a', place(1), place(2, 'discovery-lan'), place(3, 'share:b'))
    lose()
    await node.clock.advance(4000)
    expect(dials.map((dial) => dial.split(' ')[1])).to.deep.equal(['1', '2', '1', '2'])
  })

  const ends: [string, (channel: PeerChannel) => void][] = [
    [
      'was trusted again, whichever side dialled',
      () => node.emit('trustChanged', channelTo('a', { trusted: true }), 3),
    ],
    ['says no when it is reached', () => (answer = () => Promise.reject(new P2PNetError('E_BLOCKED', 'no')))],
    ['closed a new channel with a no', () => lose(channelTo('a', { lost: false }), 'E_REJECTED')],
  ]
  for (const [what, end] of ends)
    it(`is content when the peer ${what}`, async () => {
      const channel = lose()
      await node.clock.advance(300)
      end(channel)
      await node.clock.advance(500)
      const before = dials.length
      await node.clock.advance(600_000)
      expect(dials.length).to.equal(before)
    })

  for (const code of ['E_DISCONNECTED', 'E_STOPPING', 'E_DUPLICATE', 'E_BLOCKED', 'E_MINE'])
    it(`dials nobody whose channel ended in words, with ${code}`, async () => {
      lose(channelTo('a', { lost: false }), code)
      await node.clock.advance(60_000)
      expect(dials).to.deep.equal([])
    })

  for (const [code, others, expected] of [
    ['E_DUPLICATE', 0, [250]],
    ['E_STALE', 0, [250]],
    ['E_DUPLICATE', 1, []],
    ['E_STALE', 1, []],
  ] as const)
    it(`whose channel gave way, with ${code}, while ${String(others)} other is open: ${expected.join() || 'no'} dial`, async () => {
      if (others === 1) node.node.channels.push(channelTo('a'))
      lose(channelTo('a'), code)
      await node.clock.advance(500)
      expect(times()).to.deep.equal(expected)
    })

  it('dials somebody honest although a thousand strangers got lost at one place', async () => {
    for (let i = 0; i < 1024; i++) {
      const identifier = `evil${String(i)}`
      known.push({ ...peer(identifier), addresses: [{ ...place(10_000 + i), host: '10.6.6.6' }] })
      lose(channelTo(identifier))
    }
    lose()
    await node.clock.advance(3_600_000)
    expect(dials.filter((dial) => dial.endsWith(' 1'))).to.have.lengthOf.at.least(10)
    expect(new Set(dials.map((dial) => dial.split(' ')[1])).size, 'places').to.be.at.most(65)
  })

  it('dials both who were at one place, one after the other', async () => {
    const asked: (string | undefined)[] = []
    open({ concurrent: 1 })
    answer = () =>
      new Promise((_, reject) => node.clock.setTimeout(() => reject(new P2PNetError('E_DIAL', 'no')), 3000))
    known.push(peer('b', place(1)))
    node.ctx.network.connect = ((target: { identifier?: string }) => {
      asked.push(target.identifier)
      return answer()
    }) as never
    for (const identifier of ['a', 'b']) lose(channelTo(identifier))
    await node.clock.advance(600_000)
    for (const identifier of ['a', 'b'])
      expect(asked.filter((each) => each === identifier)).to.have.lengthOf.at.least(5)
  })

  it('dials no sooner while another channel to the peer is open, and goes on if that comes to nothing', async () => {
    lose()
    const other = channelTo('a', { trusted: false, lost: false })
    node.node.channels.push(other)
    await node.clock.advance(10_000)
    expect(dials).to.deep.equal([])
    node.node.channels.pop()
    lose(other, 'E_CONNECTION')
    await node.clock.advance(10_000)
    expect(dials).to.have.lengthOf.at.least(1)
  })

  it('goes on when a channel that it dialled ends before it is trusted', async () => {
    answer = () => Promise.resolve(channel)
    const channel = channelTo('a', { lost: false, trusted: false })
    lose()
    await node.clock.advance(300)
    expect(dials).to.have.lengthOf(1)
    lose(channel, 'E_HANDSHAKE')
    await node.clock.advance(600)
    expect(times()).to.deep.equal([250, 800])
  })

  it('dials those of its last life six times, each as soon as any other', async () => {
    known = [peer('x', place(7)), peer('y', place(8)), { ...peer('z', place(9, 'discovery-lan')) }]
    open()
    await node.clock.advance(3_600_000)
    const of = (port: string) =>
      dials.filter((dial) => dial.endsWith(` ${port}`)).map((dial) => Number(dial.split(' ')[0]))
    for (const port of ['7', '8']) expect(of(port)).to.deep.equal([250, 750, 1750, 3750, 7750, 15_750])
    expect(of('9')).to.deep.equal([])
  })

  describe('because an address of this machine is gone', () => {
    const at = (...addresses: string[]): NetworkInterface[] => [
      {
        name: 'eth0',
        mac: '',
        addresses: addresses.map((address) => ({ address, netmask: '', family: 'IPv4', internal: false })),
      },
    ]
    let closed: string[]
    const bound = (localAddress: string | undefined) => {
      const channel: PeerChannel = channelTo('a', {
        localAddress,
        close({ code }: { code: string }) {
          closed.push(`${String(node.clock.now() - start)} ${code}`)
          Object.assign(channel, { closed: true })
        },
      })
      node.node.channels.push(channel)
    }
    beforeEach(() => {
      closed = []
      interfaces = at('10.0.0.5', '10.0.0.6')
      open()
    })

    for (const [what, local, then, expected] of [
      ['with another in its place', '10.0.0.5', ['10.0.0.6', '10.0.0.7'], ['500 E_CONNECTION']],
      ['for two seconds', '10.0.0.5', ['10.0.0.6'], ['2000 E_CONNECTION']],
      ['but not its own', '10.0.0.6', ['10.0.0.6'], []],
      ['but was never listed', '10.0.0.99', ['10.0.0.6'], []],
      ['and it has none', undefined, ['10.0.0.6'], []],
    ] as const)
      it(`closes a channel that is bound to one that is gone ${what}: ${expected.join() || 'no'}`, async () => {
        bound(local)
        interfaces = at(...then)
        await node.clock.advance(2000)
        expect(closed).to.deep.equal(expected)
      })

    it('leaves a channel alone whose address is back within a second', async () => {
      bound('10.0.0.5')
      interfaces = at('10.0.0.6')
      await node.clock.advance(1000)
      interfaces = at('10.0.0.5', '10.0.0.6')
      await node.clock.advance(5000)
      expect(closed).to.deep.equal([])
    })

    it('tries everybody at once when there is a new one, however long it had waited', async () => {
      lose()
      await node.clock.advance(120_000)
      dials = []
      interfaces = at('10.0.0.5', '10.0.0.6', '10.0.0.8')
      await node.clock.advance(750)
      expect(dials).to.deep.equal(['120750 1'])
    })

    it('does not look where the node listens on loopback', () => {
      known = []
      open({}, '127.0.0.1')
      expect(node.clock.pending).to.equal(0)
    })
  })
})
