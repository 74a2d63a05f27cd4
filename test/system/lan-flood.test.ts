// A host that is flooded with forged announcements, beside one whose filter keeps them out: what the flood costs a node.
// Rounds with and without the flood take turns; the figures are printed.
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
const perSource = { burst: 64, perSecond: 10 }

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
    const agents = await Agents.open(this, ['lan', 3], [1, 2])
    const { hosts, all } = agents
    const [flooded, spared] = all as readonly [Agent, Agent]
    try {
      await hosts.run(2, ['nft', '-f', '-'], keepOut)
      await hosts.run(1, ['nft', '-f', '-'], countUdp)
      for (const source of sources) await hosts.ip(3, `addr add ${source}/24 brd + dev eth0`)
      for (const agent of all) agents.start(agent, config)
      for (const agent of all) await agent.until('listening')
      await flooded.until('trusted', ({ identifier }) => identifier === spared.identifier)
      await setTimeout(2000)
      const began = Date.now()

      const delays = { with: [] as number[], without: [] as number[] }
      let sent = 0
      let rss = 0
      for (let round = 0; round < rounds; round++) {
        await flooded.ask({ do: 'measure' }, 'measured')
        const quietMs = 2000
        await setTimeout(quietMs)
        delays.without.push((await flooded.ask({ do: 'measure' }, 'measured')).delayP99)
        const { code, out, err } = await hosts.finish(3, flooder, [JSON.stringify(forged(round))], process.cwd())
        expect({ code, err }).to.deep.equal({ code: 0, err: '' })
        sent += (JSON.parse(out) as Flooded).sent
        const measured = await flooded.ask({ do: 'measure' }, 'measured')
        delays.with.push(measured.delayP99)
        rss = Math.max(rss, measured.rss)
      }
      const lasted = (Date.now() - began) / 1000
      const control = (await spared.ask({ do: 'measure' }, 'measured')).rss
      const counted = await hosts.run(1, ['nft', 'list', 'counters'])
      const [came = NaN, left = NaN] = [...counted.matchAll(/bytes (\d+)/g)].map(([, bytes]) => Number(bytes))
      const perAddress = new Map<string, number>()
      for (const told of flooded.told)
        if (told.event === 'known') perAddress.set(told.address, (perAddress.get(told.address) ?? 0) + 1)
      const most = Math.max(...sources.map((source) => perAddress.get(source) ?? 0))

      const ratio = median(delays.with) / median(delays.without)
      const grown = (rss - control) / 2 ** 20
      process.stdout.write(
        `      ${String(sent)} datagrams: p99 of the loop ${median(delays.with).toFixed(1)} ms, without ` +
          `${median(delays.without).toFixed(1)} ms (${ratio.toFixed(2)}); RSS ${grown.toFixed(1)} MiB above the control; ` +
          `bytes out / in ${(left / came).toFixed(4)}; most read of one source ${String(most)}\n`,
      )
      expect(sent).to.equal(rounds * datagrams)
      expect(came, 'the flood arrives').to.be.greaterThan(sent * 50)
      expect(most, 'read of one source').to.be.within(1, perSource.burst + perSource.perSecond * lasted)
      expect(ratio, 'delay of the event loop').to.be.at.most(3)
      expect(grown, 'MiB above the control').to.be.at.most(20)
      expect(left / came, 'bytes out / in').to.be.at.most(1)
      flooded.order({ do: 'say', text: 'still here', to: spared.identifier })
      await spared.until('message', ({ text }) => text === 'still here')
    } finally {
      await agents.close()
    }
  })
})
