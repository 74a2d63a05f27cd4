// Whole nodes that find each other by mDNS on loopback, and nowhere else.
import { createSocket } from 'node:dgram'
import { expect } from 'chai'
import type { PeerNetwork } from '../../../../core/index.ts'
import { bindUdp } from '../../../support/udp.ts'
import { identity, Nodes, trustAtOnce } from '../../../support/nodes.ts'
import { until } from '../../../support/until.ts'

describe('nodes with discovery-mdns', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())
  const run = String(process.pid)

  const compose = (name: string, network = `mdns ${run}`, more: object = {}) =>
    nodes.compose({
      extends: ['p2pnet:minimal'],
      network: { name: network, ...more },
      plugins: [
        { use: 'identity-default', enabled: false },
        identity(`${name}-${run}`),
        trustAtOnce(),
        'discovery-mdns',
        'dialer',
      ],
    })
  async function start(...args: Parameters<typeof compose>): Promise<PeerNetwork> {
    const node = await compose(...args)
    await node.start()
    return node
  }
  const knows = (node: PeerNetwork, other: PeerNetwork) =>
    node.knownPeers.get(other.identifier)?.addresses.some(({ port }) => port === other.listening[0]?.port) === true

  it('find each other, whoever comes first, each at its own port', async () => {
    const first = await start('a')
    const second = await start('b')
    await until('two know each other', () => knows(first, second) && knows(second, first))
    const third = await start('c')
    await until('three know each other', () =>
      [first, second].every((node) => knows(node, third) && knows(third, node)),
    )
    expect(first.knownPeers.get(third.identifier)).to.include({ via: 'discovery-mdns' })
    await until('they are connected', () => [...first.channels].length >= 2)
  })

  it('find one that listens on another address of loopback', async () => {
    const [first, second] = [await start('a'), await start('b', undefined, { host: '127.0.0.3' })]
    await until('they know each other', () => knows(first, second))
    expect(first.knownPeers.get(second.identifier)?.addresses[0]?.host).to.equal('127.0.0.3')
  })

  it('of two networks do not hear of each other', async () => {
    const [a, b] = [await start('a', `red ${run}`), await start('b', `blue ${run}`)]
    const [c, d] = [await start('c', `red ${run}`), await start('d', `blue ${run}`)]
    await until('each knows its own', () =>
      [
        [a, c],
        [b, d],
      ].every(([x, y]) => knows(x!, y!) && knows(y!, x!)),
    )
    for (const node of [a, b, c, d]) expect(node.knownPeers.size).to.equal(1)
  })

  it('leave no socket and no timer behind, however often they start', async () => {
    await (await start('a')).stop() // what is opened once, for all nodes
    const before = handles()
    for (let i = 0; i < 20; i++) {
      const node = await start('a')
      await node.stop()
    }
    expect(handles()).to.deep.equal(before)
  })

  it('say why they do not start, where a program keeps the port to itself', async function () {
    const greedy = createSocket({ type: 'udp4' })
    const isFree = await new Promise<boolean>((resolve) => {
      greedy.once('error', () => {
        resolve(false)
      })
      greedy.bind({ port: 5353, address: '0.0.0.0', exclusive: true }, () => {
        resolve(true)
      })
    })
    if (!isFree) return this.skip() // a responder of this machine has it
    try {
      const node = await compose('a')
      const error: unknown = await node.start().catch((thrown: unknown) => thrown)
      expect(error).to.have.property('code', 'E_MDNS_SOCKET')
      expect((error as Error).message).to.include('mDNS can be spoken on no interface: lo: bind EADDRINUSE')
    } finally {
      greedy.close()
    }
    const socket = await bindUdp({ address: '127.0.0.1', port: 5353, reuseAddr: true })
    socket.close()
  })
})

/** What keeps the process alive, counted by kind. */
function handles(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return { udp: counts.UDPWrap ?? 0, tcp: counts.TCPServerWrap ?? 0, timers: counts.Timeout ?? 0 }
}
