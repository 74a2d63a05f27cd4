// What lists, floods and liars can make the dialer do.
import { expect } from 'chai'
import { P2PNetError } from '../../../../core/errors.ts'
import type { PeerChannel } from '../../../../core/peers/channel.ts'
import type { DialTarget, Peer } from '../../../../core/peers/peer.ts'
import dialer from '../../../../plugins/discovery/dialer/index.ts'
import { fakeChannel, fakeContext, resolveOptions, type FakeContext } from '../../../support/fake-context.ts'

/** Milliseconds that a dial takes where nobody answers. */
const timeoutMs = 5000

describe('the dialer, told of many', () => {
  let node: FakeContext
  let dials: { host: string; port: number; at: number; anew: boolean }[]
  /** Answers a dial at once, or not at all. */
  let answers: (target: DialTarget) => PeerChannel | 'no' | undefined
  const open = (options: Record<string, unknown> = {}) => {
    dials = []
    answers = () => 'no'
    node = fakeContext({
      network: {
        connect: (target, { anew = false } = {}) => {
          dials.push({ host: target.host, port: target.port, at: node.clock.now(), anew })
          const answer = answers(target)
          if (typeof answer === 'object') return Promise.resolve(answer)
          return new Promise((_, reject) => {
            const ms = answer === 'no' ? 0 : timeoutMs
            node.clock.setTimeout(() => reject(new P2PNetError('E_DIAL', 'nobody')), ms)
          })
        },
      },
    })
    dialer.setup(node.ctx, resolveOptions(dialer, options))
    void dialer.start?.(node.ctx)
  }
  beforeEach(() => {
    open()
  })
  afterEach(() => node.leave())

  const hear = (via: string, host: string, port: number, identifier?: string) => {
    const peer: Peer = {
      ...(identifier !== undefined && { identifier }),
      addresses: [{ scheme: 'tcp', host, port, via }],
      via,
      lastSeen: node.clock.now(),
    }
    node.emit('candidate', peer, peer.addresses[0])
  }
  const to = (host: string) => dials.filter((dial) => dial.host === host)
  /** The most dials to anybody in any minute. */
  const mostInAMinute = (times: readonly { at: number }[]) =>
    Math.max(0, ...times.map(({ at }) => times.filter((other) => other.at >= at && other.at < at + 60_000).length))

  it('dials a victim that lists name a hundred thousand times twice a minute, whatever the port', async () => {
    for (let i = 0; i < 100_000; i++) {
      hear(`share:liar${String(i % 50)}`, '10.0.0.66', 1 + (i % 65_000), i % 2 === 0 ? `p${String(i)}` : undefined)
      if (i % 1000 === 0) await node.clock.advance(1200)
    }
    await node.clock.advance(180_000)
    expect(to('10.0.0.66')).to.have.lengthOf.at.least(4)
    expect(mostInAMinute(to('10.0.0.66'))).to.equal(2)
  })

  it('counts an IPv6 /56 as one address', async () => {
    for (let i = 0; i < 1000; i++) hear('share:liar', `2001:4860:0:${(i & 255).toString(16)}::${i.toString(16)}`, 80)
    await node.clock.advance(59_000)
    expect(dials).to.have.lengthOf(2)
  })

  for (const [what, bad, good] of [
    ['IPv4', '10.9.9.9', (i: number) => `10.9.9.${String(i)}`],
    ['link-local IPv6', 'fe80::bad%eth0', (i: number) => `fe80::${String(i)}%eth0`],
    ['IPv6 of one household', 'fd00:1::bad', (i: number) => `fd00:1::${String(i)}`],
  ] as const)
    it(`dials the neighbours of one who names dead ports, ${what}`, async () => {
      answers = ({ host }) => (host === bad ? 'no' : fakeChannel({ trusted: true }))
      for (let port = 1; port <= 6; port++) {
        hear('discovery-lan', bad, port, `bad${String(port)}`)
        await node.clock.advance(10)
      }
      for (let i = 1; i <= 8; i++) hear('discovery-lan', good(i), 4000, `good${String(i)}`)
      await node.clock.advance(100)
      expect(dials.filter(({ host }) => host !== bad)).to.have.lengthOf(8)
    })

  it('still knows whom it may not dial after it has heard of a thousand others', async () => {
    for (let port = 1; port <= 4; port++) hear('discovery-lan', '10.0.0.66', port)
    await node.clock.advance(100)
    expect(to('10.0.0.66')).to.have.lengthOf(4)
    for (let i = 0; i < 5000; i++) hear('discovery-lan', `10.1.${String(i >> 8)}.${String(i & 255)}`, 1)
    const before = to('10.0.0.66').length
    for (let port = 5; port < 100; port++) hear('discovery-lan', '10.0.0.66', port)
    await node.clock.advance(20_000)
    expect(to('10.0.0.66').length).to.equal(before)
  })

  for (const hosts of [1, 2])
    it(`dials a neighbour soon while ${String(hosts)} that swallow dials have named hundreds of ports`, async () => {
      answers = ({ host }) => (host.startsWith('10.6.') ? undefined : fakeChannel({ trusted: true }))
      for (let host = 0; host < hosts; host++)
        for (let port = 1; port <= 200; port++)
          hear('discovery-lan', `10.6.0.${String(host)}`, port, `e${String(host)}-${String(port)}`)
      hear('discovery-lan', '10.0.0.7', 4000, 'honest')
      await node.clock.advance(10)
      expect(to('10.0.0.7')).to.have.lengthOf(1)
    })

  it('leaves places to whoever was trusted, however many are heard of', async () => {
    open({ concurrent: 4 })
    answers = () => undefined
    for (let i = 1; i <= 50; i++) hear('discovery-lan', `10.6.0.${String(i)}`, 1, `e${String(i)}`)
    expect(dials).to.have.lengthOf(3)
  })

  it('dials those that it hears itself meanwhile, and at once', async () => {
    open({ concurrent: 2 })
    answers = ({ host }) => (host === '10.0.1.1' ? fakeChannel({ trusted: true }) : undefined)
    for (let i = 0; i < 1000; i++) hear('share:liar', `10.0.2.${String(i % 250)}`, i + 1, `p${String(i)}`)
    hear('discovery-lan', '10.0.1.1', 7, 'neighbour')
    expect(to('10.0.1.1')).to.have.lengthOf(1)
  })

  it('dials thirty nodes behind one address within a moment', async () => {
    answers = ({ host, port }) => {
      const channel = fakeChannel({ trusted: true, peer: { address: host, port, identifier: `p${String(port)}` } })
      node.node.channels.push(channel)
      return channel
    }
    for (let i = 1; i <= 30; i++) hear('discovery-lan', '127.0.0.1', i, `p${String(i)}`)
    await node.clock.advance(10)
    expect(dials.map(({ port }) => port)).to.deep.equal(Array.from({ length: 30 }, (_, i) => i + 1))
  })

  for (const [what, answer, first] of [
    ['refuses', 'no', 4],
    ['is silent', undefined, 10],
  ] as const)
    it(`gives up a victim that a flood of hints names and that ${what} after ${String(first)} dials, but for two a minute`, async () => {
      answers = () => answer
      for (let i = 0; i < 600; i++) {
        hear('discovery-lan', '10.0.0.66', 1 + i, `p${String(i)}`)
        await node.clock.advance(1000)
      }
      const late = to('10.0.0.66').filter(({ at }) => at > dials[0]!.at + 60_000)
      expect(to('10.0.0.66').length - late.length).to.be.at.most(first)
      expect(mostInAMinute(late)).to.be.at.most(2)
    })

  it('keeps four places for one address of those that lists name, so that other addresses have some', async () => {
    open({ queue: 8, concurrent: 1 })
    hear('share:liar', '10.0.0.1', 1)
    for (let i = 0; i < 100; i++) hear('share:liar', '10.0.0.66', 1 + i)
    for (let i = 0; i < 4; i++) hear('share:honest', `10.0.3.${String(i)}`, 1)
    await node.clock.advance(30_000)
    expect(dials.filter(({ host }) => host.startsWith('10.0.3.'))).to.have.lengthOf(4)
  })

  it('dials a peer with a channel anew when it hears of it at another address, once', async () => {
    const start = node.clock.now()
    const channel = fakeChannel({
      peer: { address: '10.0.0.2', port: 1, identifier: 'a' },
      trusted: true,
      openedAt: start,
      lastReceivedAt: start + 60_000,
    })
    node.node.channels.push(channel)
    hear('discovery-lan', '10.0.0.3', 1, 'a') // from the beginning at home at two
    await node.clock.advance(60_000)
    for (const host of ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.4']) hear('discovery-lan', host, 1, 'a')
    hear('share:liar', '10.0.0.5', 1, 'a')
    await node.clock.advance(1000)
    expect(dials.map(({ host, anew }) => [host, anew])).to.deep.equal([['10.0.0.4', true]])
    await node.clock.advance(30_000)
    hear('discovery-lan', '10.0.0.3', 1, 'a') // and now nothing comes on the channel
    expect(dials.at(-1)).to.include({ host: '10.0.0.3', anew: true })
  })
})
