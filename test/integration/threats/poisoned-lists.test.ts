// Lists of peers that name a victim, and what the node that believes them makes of it.
import { expect } from 'chai'
import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import type { PeerNetwork } from 'p2pnet'
import { eventually, Nodes } from '../../support/nodes.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { WirePeer } from '../../support/wire-peer.ts'

describe('a peer that sends poisoned lists', () => {
  const nodes = new Nodes()
  const clock = new VirtualClock()
  let victim: Server
  let port: number
  let came: number[]
  let node: PeerNetwork
  beforeEach(async () => {
    came = []
    victim = createServer((socket) => {
      came.push(clock.now())
      socket.on('error', () => undefined).destroy()
    })
    victim.listen(0, '127.0.0.66')
    await once(victim, 'listening')
    port = (victim.address() as { port: number }).port
    node = await nodes.create(
      'node',
      ['dialer'],
      { limits: { messagesPerSecond: 'unlimited', perAddress: 64 } },
      { clock },
    )
    await node.start()
  })
  afterEach(async () => {
    victim.close()
    const cleaning = nodes.clean()
    await clock.advance(5000)
    await cleaning
  })

  const flood = async (
    peer: WirePeer,
    peers: (i: number) => { address: string; port: number; identifier?: string },
  ) => {
    let seen = 0
    node.on('packet', ({ type }) => {
      if (type === 'CollectionShare') seen++
    })
    for (let list = 0; list < 100; list++) {
      peer.send({ type: 'CollectionShare', peers: Array.from({ length: 1000 }, (_, i) => peers(list * 1000 + i)) })
      await eventually(() => seen === list + 1)
      await clock.advance(600)
    }
  }

  it('of a hundred thousand entries in a minute makes the node dial their target twice', async () => {
    const peer = await WirePeer.dial(node)
    peer.introduce('liar')
    await flood(peer, (i) => ({ address: '127.0.0.66', port, identifier: `p${String(i)}` }))
    expect(came.filter((at) => at - (came[0] ?? 0) < 60_000)).to.have.lengthOf.at.most(2)
    expect(came).to.have.lengthOf.at.least(1)
    peer.destroy()
  })

  it('that names places it cannot know fills neither the table nor the log', async () => {
    const peer = await WirePeer.dial(node)
    peer.introduce('liar')
    const places = ['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'localhost', 'example.org']
    await flood(peer, (i) => ({ address: places[i % places.length] ?? '', port: 1 + (i % 60_000) }))
    expect([...node.knownPeers].map(({ identifier }) => identifier)).to.deep.equal(['liar'])
    expect(node.decisions().filter(({ code }) => code === 'E_ADDRESS')).to.have.lengthOf.at.most(10)
    peer.destroy()
  })
})
