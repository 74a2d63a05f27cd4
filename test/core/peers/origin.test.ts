import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NetworkPacket, PeerChannel, PeerNetwork } from 'p2pnet'
import { event, eventually, identity, Nodes } from '../../support/nodes.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { WirePeer } from '../../support/wire-peer.ts'

const message = (text: string, from?: string) => ({
  type: 'PureMessage',
  message: text,
  ...(from !== undefined && { sourceOriginIdentifier: from }),
})

/** A node whose handshake says names and takes one ping. */
function named(nodes: Nodes, name: string): Promise<PeerNetwork> {
  return nodes.compose({
    extends: ['p2pnet:minimal'],
    plugins: [
      { use: 'identity-default', enabled: false },
      identity(name),
      { use: 'handshake-ping', options: { pings: 1, intervalMs: 50 } },
      { use: 'trust-incoming', options: { trustedLevel: 'pinged' } },
      'distribution',
    ],
  })
}

describe('the origin of a packet', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  it('is the channel: a thousand packets that name another peer reach nobody, and the third closes', async () => {
    const node = await nodes.start('node')
    const heard: string[] = []
    node.on('packet', (packet) => heard.push((packet as NetworkPacket).sourceOriginIdentifier ?? ''))
    const honest = await WirePeer.dial(node)
    honest.introduce('alice')
    await eventually(() => [...node.channels].some(({ peer }) => peer.identifier === 'alice'))
    const liar = await WirePeer.dial(node)
    liar.introduce('mallory')
    heard.length = 0
    liar.send(...Array<object>(1000).fill(message('I am alice', 'alice')))
    expect(await liar.farewell()).to.equal('E_ORIGIN: a packet carries the identifier of somebody else')
    await liar.closed
    expect(heard.filter((name) => name !== 'mallory')).to.deep.equal([])
    const [refusal] = node.decisions({ peer: 'mallory' })
    expect(refusal).to.include({ code: 'E_ORIGIN', hook: 'packets.received', plugin: 'kernel', count: 3 })
    // Neither the name nor its bearer suffered.
    honest.send(message('I am still alice', 'alice'))
    await eventually(() => heard.includes('alice'))
    honest.destroy()
  })

  it('is filled in when it is absent, once it is known; two false ones are forgiven, and other offences count apart', async () => {
    const node = await nodes.start('node')
    const packets: NetworkPacket[] = []
    node.on('packet', (packet) => packets.push(packet as NetworkPacket))
    const peer = await WirePeer.dial(node)
    peer.send(message('early'))
    peer.introduce('alice')
    peer.send(message('false', 'bob'), message('false', 'bob'))
    peer.send({ type: 'CollectionShare', peers: [{ address: '', port: 1 }] })
    peer.send({ type: 'CollectionShare', peers: [{ address: 'a', port: 0 }] })
    peer.send(message('late'))
    await eventually(() => packets.length === 3)
    expect(packets.map(({ sourceOriginIdentifier }) => sourceOriginIdentifier)).to.deep.equal([
      undefined,
      'alice',
      'alice',
    ])
    expect(peer.isClosed).to.equal(false)
    peer.send({ type: 'CollectionShare', peers: [{ address: 'a', port: 0 }] })
    expect(await peer.farewell()).to.equal('E_PACKET_INVALID: CollectionShare: /peers/0/port must be >= 1')
  })

  it('cannot be taken from whoever had it first', async () => {
    const node = await nodes.start('zebra') // decides nothing: its name is the larger one
    const first = await WirePeer.dial(node)
    first.introduce('alice')
    await eventually(() => [...node.channels].some(({ peer }) => peer.identifier === 'alice'))
    const second = await WirePeer.dial(node)
    second.introduce('alice')
    expect(await second.farewell()).to.equal('E_DUPLICATE: another channel to alice is open')
    expect(first.isClosed).to.equal(false)
    first.destroy()
  })

  it('is whom the dialler expects, or it is E_WRONG_PEER', async () => {
    const [one, two] = [await named(nodes, 'one'), await named(nodes, 'two')]
    await Promise.all([one.start(), two.start()])
    const removed = event(two, 'peerRemoved')
    const channel = await one.connect({ ...two.listening[0]!, identifier: 'somebody' })
    const error: unknown = await channel.whenTrusted().catch((reason: unknown) => reason)
    expect(error).to.include({ code: 'E_WRONG_PEER', message: '127.0.0.1 is two, not somebody' })
    const [, reason] = await removed
    expect(reason.message).to.equal('127.0.0.1 closed the channel: the handshake failed')
    expect(one.decisions().map(({ code }) => code)).to.include('E_WRONG_PEER')
    const again = await one.connect({ ...two.listening[0]!, identifier: 'two' })
    await again.whenTrusted()
    expect(await one.connect({ host: '127.0.0.1', port: 1, identifier: 'two' })).to.equal(again)
  })

  it('is not oneself: a node that dials itself gets E_SELF, at both ends', async () => {
    const node = await named(nodes, 'narcissus')
    await node.start()
    const reasons: string[] = []
    node.on('peerRemoved', (_channel, { code }) => reasons.push(code))
    const channel = await node.connect(node.listening[0]!)
    expect(await channel.whenTrusted().catch((reason: unknown) => reason)).to.have.property('code', 'E_SELF')
    await eventually(() => reasons.length === 2)
    expect(reasons).to.deep.equal(['E_SELF', 'E_SELF'])
    expect([...node.channels]).to.deep.equal([])
    expect([...node.knownPeers]).to.deep.equal([])
  })
})

describe('two nodes that dial each other', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  /** Every channel says its messages from the first moment of trust on, in both directions. */
  class Talk {
    readonly said = new Map<PeerChannel, string[]>()
    readonly heard = new Map<PeerChannel, string[]>()
    readonly node: PeerNetwork

    constructor(node: PeerNetwork) {
      this.node = node
      node.on('trustChanged', (channel) => {
        if (channel.trusted) this.say(channel)
      })
      node.on('message', (text, channel) => this.heard.set(channel, [...(this.heard.get(channel) ?? []), text]))
    }

    say(channel: PeerChannel): void {
      const said = this.said.get(channel) ?? []
      this.said.set(channel, said)
      for (let i = 0; i < 20; i++) {
        const text = `${this.node.identifier} ${channel.id} ${String(said.length)}`
        channel.post({ type: 'PureMessage', message: text })
        said.push(text)
      }
    }
  }

  const ways: { way: string; dials: ('one' | 'two')[] }[] = [
    { way: 'at the same time', dials: ['one', 'two'] },
    { way: 'at the same time, twice each', dials: ['one', 'two', 'one', 'two'] },
    { way: 'from one side, three times', dials: ['one', 'one', 'one'] },
  ]
  for (const { way, dials } of ways)
    it(`${way} end with one channel, on which nothing was lost (30 runs)`, async function () {
      this.timeout(60_000)
      const random = seededRandom(42)
      for (let run = 0; run < 30; run++) {
        const [one, two] = [await named(nodes, 'one'), await named(nodes, 'two')]
        await Promise.all([one.start(), two.start()])
        const talks = { one: new Talk(one), two: new Talk(two) }
        await Promise.all(
          dials.map(async (from) => {
            await sleep(random.next() < 0.3 ? 0 : random.next() * 40)
            const [dialler, other] = from === 'one' ? [one, two] : [two, one]
            await dialler.connect(other.listening[0]!)
          }),
        )
        const isSettled = (node: PeerNetwork) => [...node.channels].length === 1 && node.trustedChannels.length === 1
        await eventually(() => isSettled(one) && isSettled(two))
        await sleep(20)
        expect([isSettled(one), isSettled(two)], `run ${String(run)}`).to.deep.equal([true, true])
        const [here] = one.trustedChannels
        const [there] = two.trustedChannels
        expect(here!.inbound).to.equal(!there!.inbound)
        await eventually(() => talks.two.heard.get(there!)?.length === talks.one.said.get(here!)?.length)
        await eventually(() => talks.one.heard.get(here!)?.length === talks.two.said.get(there!)?.length)
        expect(talks.two.heard.get(there!)).to.deep.equal(talks.one.said.get(here!))
        expect(talks.one.heard.get(here!)).to.deep.equal(talks.two.said.get(there!))
        await nodes.clean()
      }
    })
})
