// Filters between hosts: where one way to announce is blocked, the other finds them.
import { expect } from 'chai'
import type { Config } from '../../core/index.ts'
import { Agents } from './agents.ts'
import { fileURLToPath } from 'node:url'
import type { Cause, CauseName } from '../../plugins/discovery/lan/doctor/causes.ts'
import type { Facts } from '../../plugins/discovery/lan/doctor/facts.ts'
import { Scratch } from '../support/scratch.ts'

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

/** What `p2pnet doctor lan` says on host 1, of a LAN with a node on host 2. */
describe('doctor lan on hosts that filter', function () {
  this.retries(1) // others may be at work on the machine, and an answer come late
  const main = fileURLToPath(new URL('../../core/cli/main.ts', import.meta.url))
  const node = '10.77.0.2'
  let agents: Agents | undefined
  let scratch: Scratch
  beforeEach(async () => {
    scratch = await Scratch.make({ 'p2pnet.config.json': JSON.stringify({ extends: ['p2pnet:recommended'] }) })
  })
  afterEach(async () => {
    await agents?.close()
    agents = undefined
    await scratch.remove()
  })

  interface Case {
    readonly what: string
    /** Of host 1 and of host 2. */
    readonly rules?: readonly [readonly string[], readonly string[]]
    readonly ip?: string
    readonly starts?: boolean
    readonly code: 0 | 1
    readonly causes: readonly CauseName[]
    /** Paths on eth0 that somebody answered by. */
    readonly answered: readonly string[]
  }

  const all = ['broadcast IPv4', 'multicast IPv4', 'multicast IPv6']
  const both = [...broadcast, ...multicast4, ...multicast6]
  const udp = ['iifname eth0 meta l4proto udp']
  const cases: readonly Case[] = [
    { what: 'nothing is filtered', code: 0, causes: [], answered: all },
    {
      what: 'multicast is filtered there',
      rules: [[], [...multicast4, ...multicast6]],
      code: 0,
      causes: ['path-blocked'],
      answered: ['broadcast IPv4'],
    },
    {
      what: 'broadcast and multicast are filtered there',
      rules: [[], both],
      code: 0,
      causes: ['isolation'],
      answered: [],
    },
    {
      what: 'broadcast and multicast are filtered here and there',
      rules: [both, both],
      code: 0,
      causes: ['firewall', 'isolation'],
      answered: [],
    },
    { what: 'all UDP is filtered there', rules: [[], udp], code: 0, causes: ['host-silent', 'one-way'], answered: [] },
    {
      what: 'all UDP is filtered here and there',
      rules: [udp, udp],
      code: 1,
      causes: ['firewall', 'host-silent', 'no-second-node'],
      answered: [],
    },
    { what: 'no node runs there', starts: false, code: 1, causes: ['no-node-there', 'no-second-node'], answered: [] },
    {
      what: 'the interface is down',
      ip: 'link set eth0 down',
      code: 1,
      causes: ['loopback-only', 'interface-down', 'host-silent', 'no-second-node'],
      answered: [],
    },
  ]

  for (const { what, rules = [[], []], ip, starts = true, code, causes, answered } of cases)
    it(`${what}: ${causes.length === 0 ? 'nothing to say' : causes.join(', ')}`, async function () {
      agents = await Agents.open(this, ['lan', 2], [2])
      const {
        hosts,
        all: [agent],
      } = agents
      if (agent === undefined) throw new Error('one agent is needed')
      for (const [i, list] of rules.entries())
        if (list.length > 0) await hosts.run(i + 1, ['nft', '-f', '-'], drop(...list))
      if (ip !== undefined) await hosts.ip(1, ip)
      if (starts) {
        agents.start(agent, config)
        await agent.until('listening')
      }
      const words = ['doctor', 'lan', '--lan', '--to', node, '--seconds', '5', '--json']
      const { code: ended, out, err } = await hosts.finish(1, main, words, scratch.path)
      expect(err).to.equal('')
      const { interfaces, causes: said } = JSON.parse(out) as Facts & { readonly causes: readonly Cause[] }
      expect(said.map(({ cause }) => cause)).to.deep.equal(causes)
      expect(ended).to.equal(code)
      const eth0 = interfaces.find(({ name }) => name === 'eth0')
      const lively = eth0?.paths.filter(({ answers }) =>
        answers.some(({ address }) => address === node || address.startsWith('fe80:')),
      )
      expect(lively?.map(({ path, family }) => `${path} ${family}`) ?? []).to.have.members(answered)
    })
})
