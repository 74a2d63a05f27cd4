// Networks that change under running nodes: interfaces that go and come back, addresses that become others. Found again
// means that a message arrives; the figures are printed.
import { expect } from 'chai'
import { setTimeout } from 'node:timers/promises'
import type { Config } from '../../core/index.ts'
import { until } from '../support/until.ts'
import { Agents, type Agent } from './agents.ts'

const config: Config = { extends: ['p2pnet:recommended'], network: { host: '0.0.0.0' } }

/** How soon a node has to be found again after it is back, in ms. */
const foundAgainMs = 3000

/** Starts a node on each, and waits until they trust each other. */
async function acquaint(agents: Agents): Promise<readonly [Agent, Agent]> {
  const [one, other] = agents.all
  if (one === undefined || other === undefined) throw new Error('two agents are needed')
  for (const agent of [one, other]) agents.start(agent, config)
  await Promise.all([one, other].map((agent) => agent.until('listening')))
  await one.until('trusted', ({ identifier }) => identifier === other.identifier)
  await other.until('trusted', ({ identifier }) => identifier === one.identifier)
  return [one, other]
}

let count = 0

/** Says something again and again until it arrives; answers when, in ms since 1970. */
async function heard(from: Agent, to: Agent): Promise<number> {
  const text = `message ${String(++count)}`
  let last = 0
  const isHeard = () => to.find('message', (told) => told.text === text) !== undefined
  await until(
    `a message from host ${String(from.host)}`,
    () => {
      if (Date.now() - last > 50) {
        last = Date.now()
        from.order({ do: 'say', text, to: to.identifier })
      }
      return isHeard()
    },
    20_000,
  )
  return to.find('message', (told) => told.text === text)?.at ?? NaN
}

/** ms from `since` until each has heard the other. */
async function together(one: Agent, other: Agent, since: number): Promise<number> {
  return Math.max(...(await Promise.all([heard(one, other), heard(other, one)]))) - since
}

/** That there is one channel between them, once what there is to settle is settled. */
async function oneChannel(one: Agent, other: Agent): Promise<void> {
  await setTimeout(1000)
  for (const [agent, peer] of [
    [one, other],
    [other, one],
  ] as const)
    expect((await agent.ask({ do: 'list' }, 'channels')).open).to.deep.equal([peer.identifier])
}

describe('a network that changes under running nodes', function () {
  this.retries(1) // others may be at work on the machine, which is no fault of the node
  let agents: Agents | undefined
  afterEach(async () => {
    await agents?.close()
    agents = undefined
  })

  for (const downMs of [1000, 5000, 15_000])
    it(`an interface down for ${String(downMs / 1000)} s: found again when it is back`, async function () {
      agents = await Agents.open(this, ['lan', 2], [1, 2])
      const [one, other] = await acquaint(agents)
      await agents.hosts.ip(2, 'link set eth0 down')
      await setTimeout(downMs)
      await agents.hosts.ip(2, 'link set eth0 up')
      const ms = await together(one, other, Date.now())
      process.stdout.write(`      found again after ${String(ms)} ms\n`)
      expect(ms).to.be.at.most(foundAgainMs)
      await oneChannel(one, other)
    })

  it('another address: found there', async function () {
    agents = await Agents.open(this, ['lan', 2], [1, 2])
    const [one, other] = await acquaint(agents)
    await agents.hosts.ip(2, 'addr del 10.77.0.2/24 dev eth0')
    await agents.hosts.ip(2, 'addr add 10.77.0.22/24 brd + dev eth0')
    const ms = await together(one, other, Date.now())
    process.stdout.write(`      found again after ${String(ms)} ms\n`)
    expect(ms).to.be.at.most(foundAgainMs)
    expect(one.find('known', ({ address }) => address === '10.77.0.22')).to.include({ identifier: other.identifier })
    await oneChannel(one, other)
  })

  it('no interface at the start, and one that comes later: found then', async function () {
    agents = await Agents.open(this, ['lan', 2], [1, 2])
    await agents.hosts.ip(2, 'link set eth0 down')
    await agents.hosts.ip(2, 'link set lo down')
    const [one, other] = agents.all
    if (one === undefined || other === undefined) throw new Error('two agents are needed')
    for (const agent of [one, other]) agents.start(agent, config)
    await Promise.all([one, other].map((agent) => agent.until('listening')))
    await agents.hosts.ip(2, 'link set eth0 up')
    const since = Date.now()
    await one.until('known', ({ identifier }) => identifier === other.identifier)
    await other.until('trusted', ({ identifier }) => identifier === one.identifier)
    const ms = await together(one, other, since)
    process.stdout.write(`      found after ${String(ms)} ms\n`)
    expect(ms).to.be.at.most(foundAgainMs)
  })
})

describe('several nodes on one host', () => {
  it('three on one and two on another: all pairs, each at its own port, one channel to each', async function () {
    const agents = await Agents.open(this, ['lan', 2], [1, 1, 1, 2, 2])
    try {
      const { all } = agents
      for (const agent of all) agents.start(agent, config)
      const listening = new Map(
        await Promise.all(all.map(async (agent) => [agent, (await agent.until('listening')).port] as const)),
      )
      expect(new Set(listening.values()).size, 'ports').to.equal(5)
      for (const one of all)
        for (const other of all) {
          if (one === other) continue
          await one.until('trusted', ({ identifier }) => identifier === other.identifier)
          const { port, address } = await one.until('known', ({ identifier }) => identifier === other.identifier)
          expect(port).to.equal(listening.get(other))
          const places = [`10.77.0.${String(other.host)}`, ...(one.host === other.host ? ['127.0.0.1'] : [])]
          expect(address).to.be.oneOf(places)
        }
      await setTimeout(2000)
      for (const one of all) {
        const others = all.filter((other) => other !== one).map(({ identifier }) => identifier)
        expect((await one.ask({ do: 'list' }, 'channels')).open).to.deep.equal(others.sort())
      }
    } finally {
      await agents.close()
    }
  })
})
