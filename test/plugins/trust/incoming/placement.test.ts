import { expect } from 'chai'
import type { Config, IncomingAttempt, PeerNetwork, Placement } from 'p2pnet'
import { event, eventually, Nodes } from '../../../support/nodes.ts'
import { WirePeer } from '../../../support/wire-peer.ts'

describe('incomingPeerPlacement', () => {
  const nodes = new Nodes()
  const peers: WirePeer[] = []
  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.destroy()
    await nodes.clean()
  })
  const place = (placement: Placement | undefined, limits: NonNullable<Config['limits']> = {}): Promise<PeerNetwork> =>
    nodes.start(
      'node',
      [{ use: 'trust-incoming', options: placement === undefined ? {} : { incomingPeerPlacement: placement } }],
      { limits },
    )
  const dial = async (node: PeerNetwork, from = '127.0.0.1') => {
    const peer = await WirePeer.dial(node, { from })
    peers.push(peer)
    return peer
  }

  it('absent lets everybody in at once', async () => {
    const node = await place(undefined)
    await dial(node)
    await eventually(() => node.trustedChannels[0])
    expect(node.inboundPeers.size).to.equal(0)
  })

  for (const placement of ['queue', 'event', 'queue-and-event'] as const)
    describe(placement, () => {
      const queues = placement !== 'event'
      const tells = placement !== 'queue'

      /** The attempt, however it is told of. */
      async function attempted(node: PeerNetwork, from?: string): Promise<[WirePeer, IncomingAttempt]> {
        const told: IncomingAttempt[] = []
        const listener = (attempt: IncomingAttempt) => void told.push(attempt)
        node.on('incomingPeer', listener)
        const size = node.inboundPeers.size
        const peer = await dial(node, from)
        await eventually(() => (tells ? told.length === 1 : node.inboundPeers.size === size + 1))
        node.off('incomingPeer', listener)
        expect(told.length).to.equal(tells ? 1 : 0)
        expect(node.inboundPeers.size).to.equal(size + (queues ? 1 : 0))
        return [peer, told[0] ?? node.inboundPeers.dequeue()!]
      }

      it('makes a peer wait, in no list of channels, until accept(); then it is off the queue and its handshake starts', async () => {
        const node = await place(placement)
        const [peer, attempt] = await attempted(node, '127.0.0.2')
        peer.send({ type: 'PureMessage', message: 'before' })
        expect([...node.channels]).to.deep.equal([])
        expect(attempt).to.include({ address: '127.0.0.2', port: peer.socket.localPort })
        const heard = event(node, 'message')
        attempt.accept()
        expect(node.inboundPeers.size).to.equal(0)
        await eventually(() => node.trustedChannels[0])
        // What it said while it waited was kept by the system, and is heard now.
        expect((await heard)[0]).to.equal('before')
        attempt.reject('too late')
        attempt.accept()
        expect([...node.channels]).to.have.length(1)
      })

      it('tells a rejected peer why, and the ledger', async () => {
        const node = await place(placement)
        const [peer, attempt] = await attempted(node)
        attempt.reject('not today')
        expect(node.inboundPeers.size).to.equal(0)
        expect(await peer.farewell()).to.equal('E_REJECTED: not today')
        await peer.closed
        expect(node.decisions({ peer: '127.0.0.1' })[0]).to.include({
          code: 'E_REJECTED',
          reason: 'not today',
          hook: 'peers.placement',
        })
      })

      it('expires an attempt that nobody answers', async () => {
        const node = await place(placement, { attemptMs: 200 })
        const [peer, attempt] = await attempted(node)
        expect(await peer.farewell()).to.equal('E_ATTEMPT_EXPIRED: nobody answered within 200 ms')
        expect(node.inboundPeers.size).to.equal(0)
        attempt.accept()
        expect([...node.channels]).to.deep.equal([])
        expect(node.decisions({ peer: '127.0.0.1' })[0]).to.include({ code: 'E_ATTEMPT_EXPIRED' })
      })

      it('is bounded, counts against the limits of the address, and forgets whoever leaves', async () => {
        const node = await place(placement, { inboundQueue: 3, perAddress: 2 })
        const [first] = await attempted(node, '127.0.0.2')
        await attempted(node, '127.0.0.2')
        expect(await (await dial(node, '127.0.0.2')).farewell()).to.equal(
          'E_LIMIT: too many connections with 127.0.0.2',
        )
        const [, attempt] = await attempted(node, '127.0.0.3')
        expect(await (await dial(node, '127.0.0.4')).farewell()).to.equal('E_LIMIT: too many peers wait to be accepted')
        first.destroy()
        await first.closed
        // What was dequeued already, or never queued, leaves no trace to look at.
        if (queues && tells) await eventually(() => node.inboundPeers.size === 2)
        else await new Promise((resolve) => setTimeout(resolve, 100))
        await attempted(node, '127.0.0.2')
        attempt.accept()
        await eventually(() => node.trustedChannels[0])
      })

      it('lets nobody in once the node stops', async () => {
        const node = await place(placement)
        const [peer, attempt] = await attempted(node)
        const stopping = node.stop()
        expect(await peer.farewell()).to.equal('E_STOPPING: the node is stopping')
        attempt.accept()
        await stopping
        expect([...node.channels]).to.deep.equal([])
      })
    })

  it('queues in the order of arrival, and a dequeued attempt still has to be answered', async () => {
    const node = await place('queue')
    for (const from of ['127.0.0.2', '127.0.0.3', '127.0.0.4']) {
      const size = node.inboundPeers.size
      await dial(node, from)
      await eventually(() => node.inboundPeers.size === size + 1)
    }
    const attempts = [node.inboundPeers.dequeue(), node.inboundPeers.dequeue()]
    expect(attempts.map((attempt) => attempt?.address)).to.deep.equal(['127.0.0.2', '127.0.0.3'])
    attempts[0]?.accept()
    attempts[1]?.reject()
    await eventually(() => node.trustedChannels.length === 1)
    expect(node.inboundPeers.dequeue()?.address).to.equal('127.0.0.4')
    expect(node.inboundPeers.dequeue()).to.equal(undefined)
  })

  it('does not keep this node from dialling', async () => {
    const node = await place('queue')
    const server = await nodes.start('server')
    const channel = await node.connect(server.listening[0]!)
    await channel.whenTrusted()
  })

  it('survives a listener that accepts at once, and one that throws', async () => {
    const node = await place('queue-and-event')
    const failed = event(node, 'pluginFailed')
    node.on('incomingPeer', () => {
      throw new Error('boom')
    })
    node.on('incomingPeer', (attempt) => {
      attempt.accept()
    })
    await dial(node)
    await eventually(() => node.trustedChannels[0])
    expect(node.inboundPeers.size).to.equal(0)
    await failed
  })
})
