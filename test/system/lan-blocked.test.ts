// Filters between hosts: where one way to announce is blocked, the other finds them.
import { expect } from 'chai'
import type { Config } from '../../core/index.ts'
import { Agents } from './agents.ts'

const config: Config = { extends: ['p2pnet:recommended'], network: { host: '0.0.0.0' } }

/** What a host lets in, in the words of nftables. */
const drop = (...rules: readonly string[]) => `
table inet filter {
  chain in {
    type filter hook input priority 0; policy accept;
${rules.map((rule) => `    ${rule} drop`).join('\n')}
  }
}
`

const broadcast = ['iifname eth0 ip daddr { 10.77.0.255, 255.255.255.255 }']
const multicast4 = ['iifname eth0 ip daddr 224.0.0.0/4']
const multicast6 = ['iifname eth0 ip6 daddr ff00::/8 udp dport 1-65535']

describe('nodes on hosts that filter', () => {
  let agents: Agents | undefined
  afterEach(async () => {
    await agents?.close()
    agents = undefined
  })

  for (const [what, rules] of [
    ['multicast: broadcast finds them', [...multicast4, ...multicast6]],
    ['broadcast: multicast finds them', broadcast],
    ['broadcast and IPv6: IPv4 multicast finds them', [...broadcast, ...multicast6]],
    ['all IPv4 announcements: IPv6 multicast finds them', [...broadcast, ...multicast4]],
  ] as const)
    it(what, async function () {
      agents = await Agents.open(this, ['lan', 2], [1, 2])
      for (const host of [1, 2]) await agents.hosts.run(host, ['nft', '-f', '-'], drop(...rules))
      const [one, other] = agents.all
      if (one === undefined || other === undefined) throw new Error('two agents are needed')
      for (const agent of [one, other]) agents.start(agent, config)
      await Promise.all([one, other].map((agent) => agent.until('listening')))
      await one.until('known', ({ identifier }) => identifier === other.identifier)
      await other.until('known', ({ identifier }) => identifier === one.identifier)
      await one.until('trusted', ({ identifier }) => identifier === other.identifier)
      await other.until('trusted', ({ identifier }) => identifier === one.identifier)
      expect(one.identifier).not.to.equal(other.identifier)
    })
})
