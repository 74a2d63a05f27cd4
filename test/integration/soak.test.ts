/**
 * A node of the recommended preset under siege, while two peers talk to it. Six seconds; `P2PNET_SOAK_SECONDS=600` for ten
 * minutes of the same.
 */
import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config, PeerNetwork } from 'p2pnet'
import { worstCase } from '../../core/config/worst-case.ts'
import { compose } from '../../core/config/compose.ts'
import { held } from '../support/heap.ts'
import { connect, eventually, Nodes } from '../support/nodes.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { Siege } from '../support/siege.ts'
import { strayRejections } from '../support/stray.ts'

const seconds = Number(process.env.P2PNET_SOAK_SECONDS ?? 6)
const people = 12

const config: Config = {
  extends: ['p2pnet:recommended'],
  network: { name: 'siege', port: 0 },
  limits: {
    maxConnections: 24,
    perAddress: 4,
    pendingHandshakes: 64,
    handshakeMs: 2000,
    outQueueBytes: 262_144,
    frameBytes: 131_072,
    windowBytes: 65_536,
    knownPeers: 200,
  },
  plugins: [
    { use: 'discovery-lan', enabled: false },
    { use: 'dialer', enabled: false },
  ],
}

describe('a node under siege', function () {
  this.timeout((seconds + 60) * 1000)
  const nodes = new Nodes()
  const stray = strayRejections()
  afterEach(() => nodes.clean())

  it('loses nothing of what honest peers say, holds no more than explain says, and leaves nothing behind', async () => {
    const resources = countOf()
    const node = await nodes.compose(config, { host: '127.0.0.1' })
    const honest = await Promise.all(['127.0.0.2', '127.0.0.3'].map((host) => nodes.compose(config, { host })))
    await Promise.all([node, ...honest].map((one) => one.start()))
    const heard = new Map<string, number[]>()
    node.on('message', (text, { peer: { identifier = '' } }) => {
      const numbers = heard.get(identifier)
      // In place: copies of a long list would be the greatest thing in the memory that is measured here.
      if (numbers === undefined) heard.set(identifier, [Number(text)])
      else numbers.push(Number(text))
    })
    const channels = await Promise.all(honest.map(async (one) => (await connect(one, node))[0]))
    const before = held()
    const resident = process.memoryUsage.rss()
    let peak = resident

    const until = Date.now() + seconds * 1000
    const siege = new Siege(node.listening[0]!, seededRandom(7))
    let most = 0
    const said = channels.map(async (channel) => {
      let count = 0
      for (; Date.now() < until; count++) {
        await channel.send({ type: 'PureMessage', message: String(count) })
        most = Math.max(most, [...node.channels].length)
        peak = Math.max(peak, process.memoryUsage.rss())
        await sleep(2)
      }
      return count
    })
    await siege.run(people, until)
    const counts = await Promise.all(said)

    await eventually(() => [...heard.values()].reduce((sum, { length }) => sum + length, 0) === sum(counts), 10_000)
    honest.forEach(({ identifier }, i) => {
      expect(heard.get(identifier)).to.deep.equal(Array.from({ length: counts[i] ?? 0 }, (_, number) => number))
    })
    expect(siege.attempts).to.be.above(seconds * 100)
    expect(most).to.be.at.most(24)
    expect(channels.map(({ closed }) => closed)).to.deep.equal([false, false])
    const late = await nodes.compose(config, { host: '127.0.0.4' })
    await late.start()
    await connect(late, node)
    heard.clear()
    const each = await ceiling()
    expect(held() - before).to.be.below(each)
    // What the process takes of the machine, with TLS and with garbage that nobody has collected yet: three nodes live here.
    expect(peak - resident).to.be.below(3 * each)
    expect(stray).to.deep.equal([])

    await Promise.all([node, late, ...honest].map((one: PeerNetwork) => one.stop()))
    await eventually(() => countOf() <= resources)
  })
})

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

/** What `p2pnet explain` says that peers can make a node hold. */
async function ceiling(): Promise<number> {
  const { worstCaseBytes } = worstCase((await compose(config, {})).settings)
  return worstCaseBytes as number
}

/** Sockets and listeners that keep the process alive. */
function countOf(): number {
  return process.getActiveResourcesInfo().filter((name) => /^(TCP|Pipe|UDP)/.test(name)).length
}
