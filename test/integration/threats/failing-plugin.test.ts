// A plugin that cannot cope with what peers say.
import { expect } from 'chai'
import { definePlugin, type NetworkPacket, type PeerChannel } from 'p2pnet'
import { connect, eventually, Nodes } from '../../support/nodes.ts'
import { recommended } from './recommended.ts'
import { strayRejections } from '../../support/stray.ts'

type Handler = (packet: NetworkPacket, channel: PeerChannel) => unknown

const ways: Record<string, Handler> = {
  throws: () => {
    throw new Error('boom')
  },
  'throws what is no error': () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    throw undefined
  },
  rejects: () => Promise.reject(new Error('boom')),
  'rejects late': async () => {
    await new Promise((resolve) => setImmediate(resolve))
    throw new Error('boom')
  },
}

describe('a plugin that, at each of a thousand packets,', () => {
  const nodes = new Nodes()
  const stray = strayRejections()
  afterEach(() => nodes.clean())

  for (const [way, handle] of Object.entries(ways))
    it(`${way}, leaves the node, the channel and everybody else as they were`, async () => {
      let asked = 0
      const faulty = definePlugin({
        name: 'faulty',
        version: '1.0.0',
        api: 1,
        setup(ctx) {
          const tap: Handler = (packet, channel) => {
            asked++
            return handle(packet, channel)
          }
          const hook = ctx.hooks.packets.received.for('PureMessage')
          if (way.startsWith('throws')) hook.tap(tap as never, { stage: -10 })
          else hook.tapPromise(tap as never, { stage: -10 })
          ctx.network.on('message', () => {
            throw new Error('boom')
          })
        },
      })
      const node = await recommended(nodes, { plugins: [faulty] })
      const [peer, other] = [await recommended(nodes), await recommended(nodes)]
      const [, channel] = await connect(peer, node)
      const heard: string[] = []
      node.on('message', (text) => heard.push(text))
      const failures = new Map<string, number>()
      node.on('pluginFailed', ({ plugin, hook, count }) => {
        failures.set(`${plugin} ${hook}`, (failures.get(`${plugin} ${hook}`) ?? 0) + count)
      })
      for (let i = 0; i < 1000; i++) await peer.trustedChannels[0]!.send({ type: 'PureMessage', message: String(i) })
      await eventually(() => heard.length === 1000)
      expect(heard).to.deep.equal(Array.from({ length: 1000 }, (_, i) => String(i)))
      expect([node.state, channel.closed, asked]).to.deep.equal(['running', false, 1000])
      await connect(other, node)
      await node.stop()
      expect(Object.fromEntries(failures)).to.deep.equal({
        'faulty packets.received:PureMessage': 1000,
        'faulty event:message': 1000,
      })
      expect(stray).to.deep.equal([])
    })
})
