import { expect } from 'chai'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { definePlugin, PeerNetwork, type Plugin, type Random } from 'p2pnet'
import { MemoryNetwork } from '../support/memory-transport.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

/** Each at an address of its own; at one, as on loopback, they would need `limits: { perAddress: 'unlimited' }`. */
const nodes = 100

/** Hears of a few others on a script, as a discovery does that meets only part of a network. */
function scriptedDiscovery(table: { host: string; port: number }[], own: number, random: Random): Plugin {
  return definePlugin({
    name: 'discovery-scripted',
    version: '1.0.0',
    api: 1,
    setup(ctx) {
      ctx.network.on('listening', () => {
        for (let i = 0; i < 4; i++)
          ctx.clock.setTimeout(
            () => {
              const other = Math.floor(random.next() * nodes)
              const target = table[other]
              if (other !== own && target !== undefined)
                ctx.network.candidate({ ...target, scheme: 'memory', via: 'script' })
            },
            500 + i * 200,
          )
      })
    },
  })
}

function named(name: string): Plugin {
  return definePlugin({
    name: 'identity-scripted',
    version: '1.0.0',
    api: 1,
    setup(ctx) {
      ctx.hooks.trust.identifier.tap(() => name)
    },
  })
}

/** Runs the whole network for a minute of its time and writes down what happened, node by node, event by event. */
async function run(seed: number, directory: string): Promise<{ trace: string[]; failures: number; reached: number }> {
  const clock = new VirtualClock()
  const random = seededRandom(seed)
  const network = new MemoryNetwork({ clock, random })
  const trace: string[] = []
  const table: { host: string; port: number }[] = []
  const all: PeerNetwork[] = []
  let failures = 0
  const start = clock.now()
  for (let i = 0; i < nodes; i++) {
    const name = `node-${String(i).padStart(3, '0')}`
    const address = `10.0.${String(Math.floor(i / 250))}.${String((i % 250) + 1)}`
    const node = await PeerNetwork.create(
      {
        extends: ['p2pnet:minimal'],
        plugins: [
          { use: 'transport-tcp', enabled: false },
          { use: 'identity-default', enabled: false },
          { use: 'trust-incoming', options: { trustedLevel: 'pinged' } },
          network.transport(address),
          named(name),
          'handshake-ping',
          'dialer',
          scriptedDiscovery(table, i, random),
        ],
      },
      { clock, random, dataDir: path.join(directory, name) },
    )
    const note = (what: string) => trace.push(`${String(clock.now() - start)} ${name} ${what}`)
    node.on('peerAdded', (channel) => note(`peerAdded ${channel.peer.address} ${channel.inbound ? 'in' : 'out'}`))
    node.on('peerRemoved', (channel, reason) => note(`peerRemoved ${channel.peer.address} ${reason.code}`))
    node.on('trustChanged', (channel, level) => note(`trustChanged ${channel.peer.identifier ?? '?'} ${String(level)}`))
    node.on('message', (text, channel) => note(`message ${text} from ${channel.peer.identifier ?? '?'}`))
    node.on('pluginFailed', ({ plugin, hook, error }) => {
      failures++
      note(`pluginFailed ${plugin} ${hook} ${error.message}`)
    })
    await node.start()
    const [listening] = node.listening
    if (listening !== undefined) table.push({ host: listening.host, port: listening.port })
    all.push(node)
  }
  await clock.advance(20_000)
  for (const node of all)
    for (const channel of node.trustedChannels)
      channel.post({ type: 'PureMessage', message: `hello from ${node.identifier}` } as never)
  await clock.advance(5_000)
  const reached = reach(all)
  const stopping = Promise.all(all.map((node) => node.stop()))
  await clock.advance(60_000)
  await stopping
  return { trace, failures, reached }
}

/** How many nodes the first one reaches, over trusted channels. */
function reach(all: readonly PeerNetwork[]): number {
  const byName = new Map(all.map((node) => [node.identifier, node]))
  const seen = new Set<string>()
  const next = [all[0]?.identifier ?? '']
  for (let name = next.pop(); name !== undefined; name = next.pop()) {
    if (seen.has(name)) continue
    seen.add(name)
    for (const { peer } of byName.get(name)?.trustedChannels ?? [])
      if (peer.identifier !== undefined) next.push(peer.identifier)
  }
  return seen.size
}

/** A directory of its own for each run: nodes remember each other. */
let runs = 0
const fresh = (directory: string) => path.join(directory, String(++runs))

describe('a hundred whole nodes in one process', function () {
  this.timeout(120_000)
  let directory: string
  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'p2pnet-hundred-'))
  })
  after(() => rm(directory, { recursive: true, force: true }))

  it('find each other by what discovery hears, trust and exchange; and one seed gives one trace', async () => {
    const first = await run(7, fresh(directory))
    expect(first.failures, first.trace.filter((line) => line.includes('pluginFailed')).join('\n')).to.equal(0)
    expect(first.reached).to.equal(nodes)
    const messages = first.trace.filter((line) => line.includes(' message '))
    const trusts = first.trace.filter((line) => line.includes(' trustChanged '))
    expect(messages.length).to.be.at.least(nodes * 2)
    expect(messages.length).to.be.at.most(trusts.length)
    const second = await run(7, fresh(directory))
    expect(second.trace).to.deep.equal(first.trace)
  })

  it('another seed gives another trace', async () => {
    const [one, other] = [await run(1, fresh(directory)), await run(2, fresh(directory))]
    expect(one.trace).to.not.deep.equal(other.trace)
    expect(other.reached).to.equal(nodes)
  })
})
