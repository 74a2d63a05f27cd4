import { expect } from 'chai'
import type { PeerChannel, PeerNetwork } from 'p2pnet'
import { eventually, identity, Nodes } from '../../support/nodes.ts'

describe('of two channels to one peer', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  const pinging = async (name: string): Promise<PeerNetwork> => {
    const node = await nodes.compose({
      extends: ['p2pnet:minimal'],
      plugins: [
        { use: 'identity-default', enabled: false },
        identity(name),
        { use: 'trust-incoming', options: { trustedLevel: 'pinged' } },
        { use: 'handshake-ping', options: { intervalMs: 50 } },
        'distribution',
      ],
    })
    await node.start()
    return node
  }
  const addressOf = (node: PeerNetwork) => {
    const [listening] = node.listening
    return { host: listening?.host ?? '', port: listening?.port ?? 0 }
  }

  for (const [how, dial] of [
    [
      'dialled twice by one side',
      (a: PeerNetwork, b: PeerNetwork) => [a.connect(addressOf(b)), a.connect(addressOf(b))],
    ],
    [
      'dialled by both sides at once',
      (a: PeerNetwork, b: PeerNetwork) => [a.connect(addressOf(b)), b.connect(addressOf(a))],
    ],
  ] as const)
    it(`${how} one stays, and whoever holds the other goes on through it`, async () => {
      const [a, b] = [await pinging('a'), await pinging('b')]
      const heard: string[] = []
      for (const node of [a, b]) node.on('message', (text) => heard.push(text))
      const channels: PeerChannel[] = await Promise.all(dial(a, b))
      await Promise.all(channels.map((channel) => channel.whenTrusted()))
      await eventually(() => [...a.channels].length === 1 && [...b.channels].length === 1)
      for (const [i, channel] of channels.entries()) {
        expect(channel.trusted).to.equal(true)
        expect(channel.peer.identifier).to.be.oneOf(['a', 'b'])
        await channel.send({ type: 'PureMessage', message: `through ${String(i)}` })
      }
      await eventually(() => heard.length === 2)
      expect(heard.toSorted()).to.deep.equal(['through 0', 'through 1'])
    })
})
