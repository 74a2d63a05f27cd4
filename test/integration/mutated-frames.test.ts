import { expect } from 'chai'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { PeerNetwork } from 'p2pnet'
import { held } from '../support/heap.ts'
import { mutate } from '../support/mutate.ts'
import { eventually, identity, Nodes } from '../support/nodes.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { bytesOf, frame, openWire } from '../support/wire-codec.ts'
import { WirePeer } from '../support/wire-peer.ts'

const mebibyte = 1_048_576
/** Connections at a time, and what one of them says at most. */
const [senders, framesEach] = [16, 25]

/** Valid frames of everything that a peer may say, handshake included. */
function corpus(): Buffer[] {
  const wire = openWire()
  const origin = { sourceOriginIdentifier: 'mutant', sourceOriginTime: 1_700_000_000_000 }
  const packets = [
    { type: 'Identifier', data: 4000, message: 'hello', ip: '127.0.0.1', network: 'p2pnet', ...origin },
    { type: 'PureMessage', message: 'Ping from 127.0.0.1' },
    { type: 'PureMessage', message: 'Grüße, 你好, \u0000 and so on', ...origin },
    { type: 'PureMessage', message: 'x'.repeat(3000) },
    {
      type: 'CollectionShare',
      data: '',
      peers: [
        { address: '127.0.0.1', port: 80 },
        { address: '::1', port: 8080, identifier: 'other' },
      ],
    },
    { type: 'DataTransmission', dataType: 'MiscData', data: Buffer.alloc(500, 1) },
    { type: 'DataTransmission', dataType: 'Task', data: Buffer.from('{"v":1}') },
    { type: 'DataTransmission', dataType: 'File', data: Buffer.alloc(2000, 2) },
    { type: 'Disconnect', ip: '127.0.0.1', port: 1, timestamp: 1, data: 'E_DISCONNECTED: bye' },
  ]
  const named = [
    { type: 'FileOffer', transfer: 't', name: 'file', size: 10, sha256: '0'.repeat(64), chunkBytes: 1000 },
    { type: 'FileAnswer', transfer: 't', state: 'accept' },
    { type: 'FileChunk', transfer: 't', position: 0 },
    { type: 'Unknown', field: [{}, [1, 2, 3], null] },
  ]
  return [
    ...packets.map((packet) => bytesOf(wire, packet)),
    ...named.map((packet) =>
      frame({ code: 0, header: JSON.stringify(packet), payload: Buffer.alloc(packet.type === 'FileChunk' ? 10 : 0) }),
    ),
    frame({ code: 255, length: 16, header: '', headerLength: 65_536 }),
  ]
}

/** Says mutated frames to the node, on as many connections as that takes. */
async function attack(
  node: PeerNetwork,
  count: number,
  seed: number,
): Promise<{ connections: number; closedByNode: number }> {
  const random = seededRandom(seed)
  const frames = corpus()
  const pick = () => frames[Math.floor(random.next() * frames.length)]!
  // Drawn before anything is sent, so that the timing of the connections does not change what they say.
  const mutants = Array.from({ length: count }, () => {
    const together = Array.from({ length: 1 + Math.floor(random.next() * 3) }, pick)
    return Buffer.concat([...together.slice(1), mutate(together[0]!, random)])
  })
  let connections = 0
  let closedByNode = 0
  const send = async (from: string) => {
    while (mutants.length > 0) {
      connections++
      const peer = await WirePeer.dial(node, { from })
      // A whole handshake before it, now and then, so that what follows comes from somebody trusted.
      if (connections % 5 === 0) peer.introduce(`mutant-${String(connections)}`)
      for (let i = 0; i < framesEach && !peer.isClosed; i++) {
        const next = mutants.pop()
        if (next === undefined) break
        peer.write(next)
        await setImmediate()
      }
      if (peer.isClosed) closedByNode++
      peer.destroy()
    }
  }
  await Promise.all(Array.from({ length: senders }, (_, i) => send(`127.0.1.${String(i + 1)}`)))
  return { connections, closedByNode }
}

/** Says numbers to the other one, one after the other, and checks that it hears them so. */
class Honest {
  heard = 0
  said = 0
  disorder = 0
  #going = true
  #talking: Promise<void> | undefined

  listen(node: PeerNetwork, from: string): void {
    node.on('message', (text, { peer }) => {
      if (peer.identifier !== from) return
      if (text !== `${from} ${String(this.heard)}`) this.disorder++
      this.heard++
    })
  }

  talk(node: PeerNetwork, to: string): void {
    this.#talking = (async () => {
      while (this.#going) {
        const channel = [...node.channels].find(({ peer }) => peer.identifier === to)
        await channel!.send({ type: 'PureMessage', message: `${node.identifier} ${String(this.said++)}` })
        await sleep(1)
      }
    })()
  }

  async stop(): Promise<void> {
    this.#going = false
    await this.#talking
  }
}

describe('ten thousand mutated frames', function () {
  this.timeout(120_000)
  const nodes = new Nodes()
  after(() => nodes.clean())

  const start = async (name: string): Promise<PeerNetwork> => {
    const node = await nodes.compose({
      extends: ['p2pnet:minimal'],
      limits: {
        maxConnections: 'unlimited',
        maxInbound: 'unlimited',
        perAddress: 'unlimited',
        pendingHandshakes: 'unlimited',
        messagesPerSecond: 'unlimited',
        // One address may misbehave as often as it likes, so that all frames are looked at.
        banScore: 'unlimited',
      },
      plugins: [
        { use: 'identity-default', enabled: false },
        identity(name),
        { use: 'handshake-ping', options: { pings: 1, intervalMs: 50 } },
        {
          use: 'trust-incoming',
          options: { trustedLevel: 'pinged', allowDefaultCommunication: true, allowEnhancedPacketExchange: true },
        },
        'distribution',
        { use: 'files-mapped', options: { quota: 1_000_000 } },
        'files-transfer',
      ],
    })
    await node.start()
    return node
  }

  it('leave the node running, its heap as it was, and honest peers talking all the while', async () => {
    const node = await start('node')
    const failures: unknown[] = []
    node.on('pluginFailed', (failure) => failures.push(failure))
    const rejections: unknown[] = []
    const onRejection = (reason: unknown) => rejections.push(reason)
    process.on('unhandledRejection', onRejection)

    const lines: Honest[] = []
    for (const name of ['alice', 'bob']) {
      const honest = await start(name)
      const channel = await honest.connect(node.listening[0]!)
      await channel.whenTrusted()
      await eventually(() => node.trustedChannels.some(({ peer }) => peer.identifier === name))
      const [there, back] = [new Honest(), new Honest()]
      there.listen(node, name)
      back.listen(honest, 'node')
      there.talk(honest, 'node')
      back.talk(node, name)
      lines.push(there, back)
    }
    const quiet = () => eventually(() => [...node.channels].length === 2, 20_000)

    await attack(node, 2000, 1)
    await quiet()
    const before = held()
    const saidBefore = lines.map(({ said }) => said)
    const { connections, closedByNode } = await attack(node, 10_000, 2)
    await quiet()
    const after = held()
    const saidMeanwhile = lines.map(({ said }, i) => said - (saidBefore[i] ?? 0))

    await Promise.all(lines.map((line) => line.stop()))
    await eventually(() => lines.every(({ heard, said }) => heard === said))
    process.off('unhandledRejection', onRejection)

    expect(node.state).to.equal('running')
    expect(failures).to.deep.equal([])
    expect(rejections).to.deep.equal([])
    expect(after - before).to.be.below(5 * mebibyte)
    expect(lines.map(({ disorder }) => disorder)).to.deep.equal([0, 0, 0, 0])
    for (const said of saidMeanwhile) expect(said).to.be.above(20)
    // It was an attack: most connections ended because the node had enough.
    expect(connections).to.be.above(10_000 / framesEach)
    expect(closedByNode).to.be.above(connections / 2)
    const codes = new Set(node.decisions().map(({ code }) => code))
    expect([...codes]).to.include.members([
      'E_FRAME_INVALID',
      'E_FRAME_TOO_LARGE',
      'E_PACKET_INVALID',
      'E_PACKET_UNKNOWN',
    ])
    if (process.env.P2PNET_FIGURES !== undefined)
      process.stdout.write(
        `${JSON.stringify({ connections, closedByNode, heapGrowth: after - before, saidMeanwhile, codes: [...codes] })}\n`,
      )
  })
})
