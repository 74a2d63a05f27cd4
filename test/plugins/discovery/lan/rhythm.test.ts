// When a node speaks: the policies as tables, and a node that follows them to the millisecond.
import { expect } from 'chai'
import { rhythms, type Intervals, type Moment } from '../../../../plugins/discovery/lan/rhythm/rhythm.ts'
import { fakeChannel } from '../../../support/fake-context.ts'
import { freeUdpPorts } from '../../../support/udp.ts'
import { lanNode, type LanNode } from './node.ts'

const intervals: Intervals = { announceMs: 15_000, aloneMs: 3000 }

describe('a rhythm', () => {
  /** The random numbers are all in the middle, at the bottom, or at the top. */
  const cases: [name: keyof typeof rhythms, Moment, random: number, ms: number][] = [
    ['burst', { count: 1, elapsed: 0, alone: true }, 0.5, 250],
    ['burst', { count: 2, elapsed: 250, alone: true }, 0.5, 250],
    ['burst', { count: 3, elapsed: 500, alone: false }, 0.5, 500],
    ['burst', { count: 1, elapsed: 0, alone: false }, 0, 200],
    ['burst', { count: 1, elapsed: 0, alone: false }, 1, 300],
    ['burst', { count: 4, elapsed: 1000, alone: true }, 0.5, 3000],
    ['burst', { count: 4, elapsed: 1000, alone: false }, 0.5, 15_000],
    ['burst', { count: 99, elapsed: 1e6, alone: false }, 0, 12_000],
    ['burst', { count: 99, elapsed: 1e6, alone: false }, 1, 18_000],
    ['sine', { count: 1, elapsed: 0, alone: true }, 0.5, 1000],
    ['sine', { count: 9, elapsed: 30_000, alone: true }, 0.5, 10_500],
    ['sine', { count: 9, elapsed: 60_000, alone: true }, 0.5, 20_000],
    ['sine', { count: 9, elapsed: 90_000, alone: true }, 0.5, 10_500],
    ['sine', { count: 9, elapsed: 120_000, alone: true }, 0.5, 1000],
    ['sine', { count: 1, elapsed: 0, alone: false }, 0.5, 15_000],
    ['sine', { count: 9, elapsed: 60_000, alone: false }, 0.5, 20_000],
    ['fixed', { count: 1, elapsed: 0, alone: true }, 0, 15_000],
    ['fixed', { count: 7, elapsed: 9e6, alone: false }, 1, 15_000],
  ]
  for (const [name, moment, random, ms] of cases)
    it(`${name}: ${ms} ms after number ${moment.count}, at ${moment.elapsed} ms, ${moment.alone ? 'alone' : 'in company'}, at ${random}`, () => {
      const given = { bytes: () => new Uint8Array(), next: () => random }
      expect(rhythms[name](moment, intervals, given)).to.be.closeTo(ms, 1e-6)
    })

  it('burst does not speak less often alone than in company, whatever the options say', () => {
    const odd: Intervals = { announceMs: 2000, aloneMs: 60_000 }
    const moment: Moment = { count: 4, elapsed: 1000, alone: true }
    expect(rhythms.burst(moment, odd, { bytes: () => new Uint8Array(), next: () => 0.5 })).to.be.closeTo(2000, 1e-6)
  })

  it('sine stays between 1 and 20 s all along', () => {
    for (let elapsed = 0; elapsed < 300_000; elapsed += 777)
      expect(rhythms.sine({ count: 1, elapsed, alone: true }, intervals)).to.be.within(1000, 20_000)
  })
})

describe('a node', () => {
  const nodes: LanNode[] = []
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.leave()
  })

  /** Times, in ms since the start, at which discovery.announce was asked about a fresh announcement. */
  const speaking = async (options: Record<string, unknown>): Promise<{ node: LanNode; times: number[] }> => {
    const times: number[] = []
    const node: LanNode = lanNode({
      ports: await freeUdpPorts(1),
      tcpPort: 4001,
      options,
      network: {
        ask: () => {
          times.push(node.clock.now() - begin)
          return Promise.resolve(undefined)
        },
      },
    })
    const begin = node.clock.now()
    nodes.push(node)
    await node.start()
    return { node, times }
  }

  it('of a fixed rhythm speaks at these very moments', async () => {
    const { node, times } = await speaking({ rhythm: 'fixed', announceMs: 5000 })
    await node.clock.advance(21_000)
    expect(times).to.deep.equal([0, 5000, 10_000, 15_000, 20_000])
  })

  it('of the sine rhythm speaks at the moments of the wave', async () => {
    const { node, times } = await speaking({ rhythm: 'sine', announceMs: 15_000 })
    await node.clock.advance(60_000)
    const made: number[] = []
    for (let at = 0; at <= 60_000; at += 1000 + (19_000 * (1 - Math.cos((2 * Math.PI * at) / 120_000))) / 2)
      // What was made less than 1.5 s ago is said again as it is.
      if (made.length === 0 || at - made.at(-1)! >= 1500) made.push(at)
    expect(made.length).to.be.at.least(8)
    expect(times.map(Math.round)).to.deep.equal(made.map(Math.round))
  })

  it('of the burst rhythm speaks at the moments that its seed gives, twice over', async () => {
    const run = async () => {
      const { node, times } = await speaking({ rhythm: 'burst', aloneMs: 3000 })
      await node.clock.advance(20_000)
      return times
    }
    const times = await run()
    expect(times.length).to.be.within(5, 9)
    for (const [i, time] of times.slice(2).entries()) expect(time - times[i + 1]!).to.be.within(2400, 3600)
    expect(await run()).to.deep.equal(times)
  })

  it('is throttled by a peer that joins, and speaks up when the last one has gone', async () => {
    const { node, times } = await speaking({ rhythm: 'burst', announceMs: 60_000, aloneMs: 2000 })
    await node.clock.advance(10_000)
    const alone = times.length
    expect(alone).to.be.at.least(4)
    const channel = fakeChannel()
    node.node.channels.push(channel)
    node.emit('peerAdded', channel)
    await node.clock.advance(40_000)
    expect(times.length, 'throttled at once').to.equal(alone)
    node.node.channels.pop()
    node.emit('peerRemoved', channel, new Error('gone') as never)
    await node.clock.advance(1)
    expect(times.length, 'speaks at once').to.equal(alone + 1)
    await node.clock.advance(10_000)
    expect(times.length).to.be.at.least(alone + 4)
  })

  it('plans nothing more when it has said farewell', async () => {
    const { node, times } = await speaking({ rhythm: 'fixed', announceMs: 1000 })
    await node.clock.advance(3000)
    await node.stop()
    const said = times.length
    node.emit('listening', node.node.listening)
    node.emit('identifierChanged', 'me')
    await node.clock.advance(10_000)
    expect(times.length).to.equal(said)
  })
})
