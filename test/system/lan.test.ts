// Whole nodes, each a process of its own, on hosts that share a LAN, and on one that has none. The hosts are network
// namespaces: nothing is sent anywhere else.
import { expect } from 'chai'
import type { StartEvent } from '../../core/cli/start-events.ts'
import { Lab, type LabNode } from './lab.ts'

/** Also proves that no two have one identifier. */
async function untilAllTrustAll(nodes: readonly LabNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.until('listening', ({ event }) => event === 'listening')))
  expect(new Set(nodes.map(({ identifier }) => identifier)).size, 'identifiers').to.equal(nodes.length)
  const pairs = nodes.flatMap((node) => nodes.filter((other) => other !== node).map((other) => [node, other] as const))
  await Promise.all(
    pairs.map(([node, { identifier, host }]) =>
      node.until(
        `trust in ${identifier} of host ${String(host)}`,
        ({ event, peer, trusted }) => event === 'trustChanged' && peer?.identifier === identifier && trusted === true,
      ),
    ),
  )
}

/** Not always the first event: a node may have reached a peer before it listens itself. */
const listeningOf = ({ events }: LabNode) => events.find(({ event }) => event === 'listening')?.listening

/** By identifier, the addresses of everybody whom the node ever trusted. */
function trustedBy({ events }: LabNode): Record<string, string | undefined> {
  const trusted = events.filter(({ event, trusted }) => event === 'trustChanged' && trusted === true)
  return Object.fromEntries(trusted.map(({ peer }) => [peer?.identifier, peer?.address]))
}

/** That a plugin was slow says more of the machine than of the plugin. */
const isFailure = ({ event, error }: StartEvent) =>
  event === 'pluginFailed' && (error as { code: string }).code !== 'E_PLUGIN_SLOW'

/** The first is interrupted while the others look on, then they are. */
async function stopInTurn([first, ...others]: readonly [LabNode, ...LabNode[]]): Promise<void> {
  await first.interrupt()
  for (const other of others) {
    const { reason } = await other.until(
      'notice that a peer stopped',
      ({ event, peer, reason }) =>
        event === 'peerRemoved' &&
        peer?.identifier === first.identifier &&
        // Of two channels to it one may have gone before, in more than one way.
        (reason as { code: string }).code === 'E_STOPPING',
    )
    expect(reason).to.have.property('message')
    expect(other.end, 'the others run on').to.equal(undefined)
  }
  await Promise.all(others.map((other) => other.interrupt()))
  for (const { end, events, complaints } of [first, ...others]) {
    expect(end).to.equal('0')
    expect(events.at(-1)).to.include({ event: 'stopped' })
    expect(events.filter(isFailure)).to.deep.equal([])
    expect(complaints).to.equal('')
  }
}

describe('nodes started on hosts', () => {
  let lab: Lab | undefined
  afterEach(async () => {
    await lab?.close()
    lab = undefined
  })

  it('of a LAN without a way out: everybody comes to trust everybody, and notices who stops', async function () {
    lab = await Lab.open(this, 'lan', 3)
    const nodes = [lab.start(1, '--lan'), lab.start(2, '--lan'), lab.start(3, '--lan')] as const
    await untilAllTrustAll(nodes)
    for (const node of nodes) {
      expect(listeningOf(node)).to.have.nested.property('[0].host', '0.0.0.0')
      const others = nodes.filter((other) => other !== node)
      expect(trustedBy(node)).to.deep.equal(
        Object.fromEntries(others.map(({ identifier, host }) => [identifier, `10.77.0.${String(host)}`])),
      )
    }
    await stopInTurn(nodes)
  })

  it('two on one host and one on another: all find each other', async function () {
    lab = await Lab.open(this, 'lan', 2)
    const nodes = [lab.start(1, '--lan'), lab.start(1, '--lan'), lab.start(2, '--lan')] as const
    await untilAllTrustAll(nodes)
    const [one, neighbour, distant] = nodes
    const host1 = ['10.77.0.1', '127.0.0.1'] // either way, at home
    expect(trustedBy(one)).to.have.all.keys(neighbour.identifier, distant.identifier)
    expect(trustedBy(one)).to.include({ [distant.identifier]: '10.77.0.2' })
    expect(trustedBy(one)[neighbour.identifier]).to.be.oneOf(host1)
    expect(trustedBy(neighbour)).to.have.all.keys(one.identifier, distant.identifier)
    expect(trustedBy(neighbour)).to.include({ [distant.identifier]: '10.77.0.2' })
    expect(trustedBy(neighbour)[one.identifier]).to.be.oneOf(host1)
    expect(trustedBy(distant)).to.deep.equal({ [one.identifier]: '10.77.0.1', [neighbour.identifier]: '10.77.0.1' })
    await stopInTurn(nodes)
  })

  it('of which one has no interface but loopback: it starts a node, and that finds another there', async function () {
    lab = await Lab.open(this, 'alone')
    const first = lab.start(1)
    await first.until('listening', ({ event }) => event === 'listening')
    const nodes = [first, lab.start(1)] as const
    await untilAllTrustAll(nodes)
    const [, second] = nodes
    expect(listeningOf(first)).to.have.nested.property('[0].host', '127.0.0.1')
    expect(trustedBy(first)).to.deep.equal({ [second.identifier]: '127.0.0.1' })
    expect(trustedBy(second)).to.deep.equal({ [first.identifier]: '127.0.0.1' })
    await stopInTurn(nodes)
  })
})
