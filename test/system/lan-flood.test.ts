// A host that is flooded with forged announcements: what that costs a node. Rounds with and without the flood take turns.
// The control is a process that hears the same flood with bare sockets. The figures are printed.
import { expect } from 'chai'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../core/index.ts'
import type { Flood, Flooded } from '../support/udp-flood.ts'
import { lanNode } from '../plugins/discovery/lan/node.ts'
import { Agents, type Agent } from './agents.ts'

const flooder = fileURLToPath(new URL('../support/udp-flood.ts', import.meta.url))
const config: Config = { extends: ['p2pnet:recommended'], network: { host: '0.0.0.0' } }
/** Of discovery-lan, by default. */
const perSource = { burst: 24, perSecond: 15 }

/** Designated by default. */
const ports = [8001, 8002, 8003]
const rounds = 5
const datagrams = 20_000
const sources = Array.from({ length: 50 }, (_, i) => `10.77.0.${String(100 + i)}`)

const keepOut = `
table inet filter {
  chain in {
    type filter hook input priority 0; policy accept;
    ip saddr 10.77.0.100-10.77.0.199 drop
  }
}
`
const countUdp = `
table inet count {
  counter came {}
  counter left {}
  chain in { type filter hook input priority -10; policy accept; meta l4proto udp counter name came; }
  chain out { type filter hook output priority -10; policy accept; meta l4proto udp counter name left; }
}
`

/** Every datagram is somebody else, who says to listen on a port that nobody has. */
function forged(round: number): Flood {
  const mark = '00000000'
  const forger = lanNode({ ports })
  const template = forger.announcement({
    network: 'p2pnet',
    ip: sources[0],
    data: 9,
    sourceOriginIdentifier: `forged-${String(round)}-${mark}`,
  })
  return { template: template.toString('base64'), mark, count: datagrams, sources, address: '10.77.0.255', ports }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN

describe('a node that is flooded with forged announcements', () => {
  it('reads no more than its rate, stays as quick, grows no larger, and sends less than it is sent', async function () {
    this.timeout(180_000)
    this.retries(2) // others may be at work on the machine, which is no fault of the node
    const agents = await Agents.open(this, ['lan', 4], [1, 2, 4])
    const { hosts, all } = agents
    const [flooded, spared, bare] = all as readonly [Agent, Agent, Agent]
    try {
      await hosts.run(2, ['nft', '-f', '-'], keepOut)
      await hosts.run(1, ['nft', '-f', '-'], countUdp)
      for (const source of sources) await hosts.ip(3, `addr add ${source}/24 brd + dev eth0`)
      bare.order({ do: 'listen', ports })
      for (const agent of [flooded, spared]) agents.start(agent, config, true)
      for (const agent of [flooded, spared]) await agent.until('listening')
      await flooded.until('trusted', ({ identifier }) => identifier === spared.identifier)
      await setTimeout(2000)
      const began = Date.now()
      const rssOf = async (agent: Agent) => (await agent.ask({ do: 'measure' }, 'measured')).rss
      const before = { node: await rssOf(flooded), spared: await rssOf(spared), bare: await rssOf(bare) }
      const grown = { node: 0, spared: 0, bare: 0 }

      // One hears the flood at a time: there are two processors for all of them.
      const shut = (host: number) => hosts.run(host, ['nft', '-f', '-'], keepOut)
      const open = (host: number) => hosts.run(host, ['nft', 'delete', 'table', 'inet', 'filter'])
      const flood = async (round: number): Promise<number> => {
        const { code, out, err } = await hosts.finish(3, flooder, [JSON.stringify(forged(round))], process.cwd())
        expect({ code, err }).to.deep.equal({ code: 0, err: '' })
        return (JSON.parse(out) as Flooded).sent
      }

      const delays = { with: [] as number[], without: [] as number[] }
      let sent = 0
      for (let round = 0; round < rounds; round++) {
        await flooded.ask({ do: 'measure' }, 'measured')
        const quietMs = 2000
        await setTimeout(quietMs)
        delays.without.push((await flooded.ask({ do: 'measure' }, 'measured')).delayP99)
        await shut(4)
        await flooded.ask({ do: 'measure' }, 'measured')
        sent += await flood(round)
        const measured = await flooded.ask({ do: 'measure' }, 'measured')
        delays.with.push(measured.delayP99)
        grown.node = Math.max(grown.node, measured.rss - before.node)
        await open(4)
        await shut(1)
        await flood(round)
        await open(1)
        grown.spared = Math.max(grown.spared, (await rssOf(spared)) - before.spared)
        grown.bare = Math.max(grown.bare, (await rssOf(bare)) - before.bare)
      }
      const lasted = (Date.now() - began) / 1000
      const counted = await hosts.run(1, ['nft', 'list', 'counters'])
      const [came = NaN, left = NaN] = [...counted.matchAll(/bytes (\d+)/g)].map(([, bytes]) => Number(bytes))
      const { known } = await flooded.ask({ do: 'measure' }, 'measured')
      const most = Math.max(...sources.map((source) => known[source] ?? 0))

      const control = (await bare.ask({ do: 'measure' }, 'measured')).known
      const heard = sources.reduce((sum, source) => sum + (control[source] ?? 0), 0)
      const ratio = median(delays.with) / median(delays.without)
      const inMiB = (bytes: number) => (bytes / 2 ** 20).toFixed(1)
      process.stdout.write(
        `      ${String(sent)} datagrams: p99 of the loop ${median(delays.with).toFixed(1)} ms, without ` +
          `${median(delays.without).toFixed(1)} ms (${ratio.toFixed(2)}); RSS grew by ${inMiB(grown.node)} MiB, of a node without it by ${inMiB(grown.spared)}, of bare sockets ` +
          `that heard ${String(heard)} by ${inMiB(grown.bare)} MiB; ` +
          `bytes out / in ${(left / came).toFixed(4)}; most read of one source ${String(most)}\n`,
      )
      expect(sent).to.equal(rounds * datagrams)
      expect(came, 'the flood arrives').to.be.greaterThan(sent * 50)
      expect(heard, 'the control hears it too').to.be.greaterThan(sent / 10)
      expect(most, 'read of one source').to.be.within(1, perSource.burst + perSource.perSecond * lasted)
      expect(ratio, 'delay of the event loop').to.be.at.most(3)
      expect(grown.node - grown.bare, 'bytes more than bare sockets').to.be.at.most(20 * 2 ** 20)
      expect(left / came, 'bytes out / in').to.be.at.most(1)
      flooded.order({ do: 'say', text: 'still here', to: spared.identifier })
      await spared.until('message', ({ text }) => text === 'still here')
    } finally {
      await agents.close()
    }
  })
})
