import { expect } from 'chai'
import { definePlugin, type Candidate, type PacketTypeName, type Plugin } from 'p2pnet'
import { connect, event, eventually, Nodes } from '../../../support/nodes.ts'
import { WirePeer } from '../../../support/wire-peer.ts'

/** Hears every candidate. */
function candidates(into: Candidate[]): Plugin {
  return definePlugin({
    name: 'listening-in',
    version: '1.0.0',
    api: 1,
    setup(ctx) {
      ctx.hooks.discovery.candidate.tap((candidate) => {
        into.push(candidate)
        return undefined
      })
    },
  })
}

/** Takes the place of a built-in action, or watches it from behind. */
function instead(type: PacketTypeName, stage: number, answer: 'handled' | undefined, into: string[]): Plugin {
  return definePlugin({
    name: `instead-of-${type.toLowerCase()}`,
    version: '1.0.0',
    api: 1,
    setup(ctx) {
      ctx.hooks.packets.received.for(type).tap(
        () => {
          into.push(type)
          return answer
        },
        { stage },
      )
    },
  })
}

describe('the standard packets', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  it('Disconnect closes its own channel with the reason it gives, and no other, whatever address it names', async () => {
    const node = await nodes.start('node')
    const [, other] = await connect(await nodes.start('other'), node)
    const added = event(node, 'peerAdded')
    const peer = await WirePeer.dial(node, { from: '127.0.0.2' })
    const [channel] = await added
    const removed = event(node, 'peerRemoved')
    peer.send({ type: 'Disconnect', ip: '127.0.0.1', port: other.peer.port, timestamp: 1, data: 'E_TIRED: good night' })
    const [gone, reason] = await removed
    expect(gone).to.equal(channel)
    expect(reason).to.include({ code: 'E_TIRED', message: '127.0.0.2 closed the channel: good night' })
    expect(other.closed).to.equal(false)
  })

  const goodbyes: { data: string | undefined; code: string; says: string }[] = [
    { data: undefined, code: 'E_DISCONNECTED', says: 'no reason given' },
    { data: 'so long', code: 'E_DISCONNECTED', says: 'so long' },
    { data: 'e_low: x', code: 'E_DISCONNECTED', says: 'e_low: x' },
    { data: 'E_X: two\nlines', code: 'E_X', says: 'two\nlines' },
    { data: `E_${'X'.repeat(61)}: long`, code: 'E_DISCONNECTED', says: `E_${'X'.repeat(61)}: long` },
  ]
  for (const { data, code, says } of goodbyes)
    it(`Disconnect that says ${JSON.stringify(data?.slice(0, 20))} is ${code}`, async () => {
      const node = await nodes.start('node')
      const peer = await WirePeer.dial(node)
      const removed = event(node, 'peerRemoved')
      peer.send({ type: 'Disconnect', ...(data !== undefined && { data }) })
      const [, reason] = await removed
      expect(reason).to.include({ code, message: `127.0.0.1 closed the channel: ${says}` })
    })

  it('CollectionShare yields candidates, at most maxSharedPeers, and nothing is dialled or known as a peer', async () => {
    const heard: Candidate[] = []
    const node = await nodes.start('node', [
      candidates(heard),
      { use: 'packets-standard', options: { maxSharedPeers: 7 } },
    ])
    const peer = await WirePeer.dial(node)
    peer.introduce('alice')
    const shared = Array.from({ length: 1000 }, (_, i) => ({
      address: '127.0.0.9',
      port: i + 1,
      ...(i % 2 === 0 && { identifier: `peer-${String(i)}` }),
    }))
    heard.length = 0
    peer.send({ type: 'CollectionShare', peers: [{ address: '127.0.0.1', port: 9, identifier: 'node' }, ...shared] })
    const after = event(node, 'message')
    peer.send({ type: 'PureMessage', message: 'and now something else' })
    await after
    expect(heard.filter(({ via }) => via === 'share:alice')).to.deep.equal(
      shared.slice(0, 6).map(({ address: host, ...rest }) => {
        const { port, identifier } = rest as { port: number; identifier?: string }
        return { host, port, via: 'share:alice', from: '127.0.0.1', ...(identifier !== undefined && { identifier }) }
      }),
    )
    expect([...node.channels]).to.have.length(1)
    expect([...node.knownPeers].some(({ identifier }) => identifier === 'node')).to.equal(false)
    peer.destroy()
  })

  it('Identifier says where its sender listens: hearsay about the address it came from, not the one it names', async () => {
    const heard: Candidate[] = []
    const node = await nodes.start('node', [candidates(heard)])
    const peer = await WirePeer.dial(node, { from: '127.0.0.2' })
    peer.send({ type: 'Identifier', data: 4444, ip: '10.9.8.7', sourceOriginIdentifier: 'alice' })
    await eventually(() => heard.length === 1)
    expect(heard[0]).to.deep.equal({
      host: '127.0.0.2',
      port: 4444,
      scheme: 'tcp',
      identifier: 'alice',
      via: 'channel',
    })
    expect([...node.channels][0]?.peer).to.include({ address: '127.0.0.2', port: 4444, identifier: 'alice' })
    peer.destroy()
  })

  const replaced: {
    type: PacketTypeName
    packet: object
    acted: (traces: { messages: string[]; closed: boolean; candidates: number }) => boolean
  }[] = [
    {
      type: 'PureMessage',
      packet: { type: 'PureMessage', message: 'hello' },
      acted: ({ messages }) => messages.length > 0,
    },
    { type: 'Disconnect', packet: { type: 'Disconnect' }, acted: ({ closed }) => closed },
    {
      type: 'CollectionShare',
      packet: { type: 'CollectionShare', peers: [{ address: '127.0.0.9', port: 1 }] },
      acted: ({ candidates: count }) => count > 0,
    },
    {
      type: 'Identifier',
      packet: { type: 'Identifier', data: 5, sourceOriginIdentifier: 'alice' },
      acted: ({ candidates: count }) => count > 0,
    },
    {
      type: 'DataTransmission',
      packet: { type: 'DataTransmission', dataType: 'MiscData', data: Buffer.of(1) },
      acted: ({ messages }) => messages.length > 0,
    },
  ]
  for (const { type, packet, acted } of replaced)
    for (const [stage, answer, happens] of [
      [-10, 'handled', false],
      [-10, undefined, true],
      [10, 'handled', true],
    ] as const)
      it(`${type}: the built-in action ${happens ? 'happens' : 'does not happen'} beside a tap at ${String(stage)} that answers ${String(answer)}`, async () => {
        const [heard, seen]: [Candidate[], string[]] = [[], []]
        const node = await nodes.start('node', [candidates(heard), instead(type, stage, answer, seen)])
        const messages: string[] = []
        let packetsSeen = 0
        node.on('message', (text) => messages.push(text))
        node.on('data', (bytes) => messages.push(String(bytes.length)))
        node.on('packet', () => packetsSeen++)
        const added = event(node, 'peerAdded')
        const peer = await WirePeer.dial(node)
        const [channel] = await added
        peer.send(packet)
        await eventually(() => packetsSeen === 1)
        await new Promise((resolve) => setTimeout(resolve, 5))
        expect(acted({ messages, closed: channel.closed, candidates: heard.length })).to.equal(happens)
        expect(seen).to.deep.equal(stage < 0 ? [type] : [])
        peer.destroy()
      })
})
