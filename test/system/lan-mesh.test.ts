// How long it takes until everybody on a LAN knows everybody: nodes on n hosts that start at the same moment, in five runs
// each. The table that it prints is the one of docs/guide/discovery.md.
import { expect } from 'chai'
import type { Config } from '../../core/index.ts'
import { Agents, type Agent } from './agents.ts'
import type { Topology } from './hosts.ts'

const runs = Number(process.env.P2PNET_MESH_RUNS ?? 5)

type Prepare = (agents: Agents, n: number) => Promise<void>

interface Scene {
  readonly name: string
  /** Of n hosts. */
  readonly topology: (n: number) => Topology
  readonly host: string
  readonly counts: readonly number[]
  readonly prepare?: Prepare
  /** ms that the slowest of the runs may take; absent: it is only reported. */
  readonly worst?: number
  /** ms that half of the runs may take. */
  readonly median?: number
}

const lan = (n: number): Topology => ['lan', n]
const lossy =
  (percent: number): Prepare =>
  ({ hosts }, n) =>
    hosts.lab('loss', String(n), String(percent))

const scenes: readonly Scene[] = [
  { name: 'a LAN, no default route', topology: lan, host: '0.0.0.0', counts: [2, 5, 10], median: 1000 },
  {
    name: 'a LAN with a default route',
    topology: lan,
    host: '0.0.0.0',
    counts: [2, 5, 10],
    prepare: ({ hosts }, n) => hosts.lab('route', String(n)),
    median: 1000,
  },
  {
    name: 'one machine, loopback only',
    topology: () => ['alone'],
    host: '127.0.0.1',
    counts: [2, 5, 10],
    median: 1000,
  },
  { name: 'two LANs, all on both', topology: (n) => ['lans', n], host: '0.0.0.0', counts: [2, 5, 10], median: 1000 },
  { name: '20 % of frames lost', topology: lan, host: '0.0.0.0', counts: [10], prepare: lossy(20), worst: 5000 },
  { name: '50 % of frames lost', topology: lan, host: '0.0.0.0', counts: [10], prepare: lossy(50) },
]

/** The nodes of one machine have one address. */
const config = (host: string): Config => ({
  extends: ['p2pnet:recommended'],
  network: { host },
  limits: { perAddress: 64 },
})

/** How long a full mesh of trusted channels is waited for, in ms. */
const patienceMs = 10_000

interface Times {
  /** ms from when the last node listened until everybody knew everybody. */
  readonly known: number
  /** ms until everybody had a trusted channel to everybody; infinite if that was not so after `patienceMs`. */
  readonly trusted: number
  /** How often somebody was told to be back. */
  readonly back: number
}

async function meet(agents: Agents, host: string): Promise<Times> {
  const { all } = agents
  for (const agent of all) agents.start(agent, config(host))
  const listening = await Promise.all(all.map((agent) => agent.until('listening')))
  expect(new Set(all.map(({ identifier }) => identifier)).size, 'identifiers').to.equal(all.length)
  const begun = Math.max(...listening.map(({ at }) => at))
  const untilAll = async (event: 'known' | 'trusted', ms: number) => {
    const pairs = all.flatMap((one) => all.filter((other) => other !== one).map((other) => [one, other] as const))
    const told = await Promise.all(
      pairs.map(([one, { identifier }]: readonly [Agent, Agent]) =>
        one.until(event, (told) => told.identifier === identifier, ms),
      ),
    )
    return Math.max(0, Math.max(...told.map(({ at }) => at)) - begun)
  }
  const times = {
    known: await untilAll('known', 60_000),
    trusted: await untilAll('trusted', patienceMs).catch(() => Infinity),
  }
  const back = all.flatMap(({ told }) => told.filter(({ event }) => event === 'reconnected'))
  await agents.stop()
  return { ...times, back: back.length }
}

const medianOf = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN

const shown = (values: readonly number[]) =>
  [medianOf(values), Math.max(...values)]
    .map((ms) => (Number.isFinite(ms) ? `${String(ms)} ms` : `not in ${String(patienceMs)} ms`))
    .join(' / ')

describe(`everybody on a LAN comes to know everybody, median / worst of ${String(runs)} runs`, () => {
  let agents: Agents | undefined
  afterEach(async () => {
    await agents?.close()
    agents = undefined
  })

  for (const { name, topology, host, counts, prepare, worst = Infinity, median = Infinity } of scenes)
    for (const n of counts)
      it(`${name}, ${String(n)} nodes`, async function () {
        this.timeout(300_000)
        this.retries(1) // others may be at work on the machine, which is no fault of the node
        const made = topology(n)
        const places = Array.from({ length: n }, (_, i) => (made[0] === 'alone' ? 1 : i + 1))
        agents = await Agents.open(this, made, places)
        await prepare?.(agents, n)
        const times: Times[] = []
        for (let i = 0; i < runs; i++) times.push(await meet(agents, host))
        const known = times.map((time) => time.known)
        const trusted = times.map((time) => time.trusted)
        process.stdout.write(`      known ${shown(known)}, all trusted ${shown(trusted)}\n`)
        // Where no frame is lost nobody gets lost, in however many ways they dial each other.
        if (prepare === undefined)
          expect(
            times.map(({ back }) => back),
            'told to be back',
          ).to.deep.equal(times.map(() => 0))
        expect(medianOf(known), 'median').to.be.at.most(median)
        expect(Math.max(...known), 'worst').to.be.at.most(worst)
      })
})
