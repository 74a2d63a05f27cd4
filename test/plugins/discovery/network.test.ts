// Real nodes find each other on loopback, and nobody else.
import type { Socket } from 'node:dgram'
import { expect } from 'chai'
import type { PeerNetwork } from '../../../core/index.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { bindUdp, freeUdpPorts, listenUdp, sendUdp } from '../../support/udp.ts'
import { until } from '../../support/until.ts'
import { connected, realNodes } from './network.ts'

describe('nodes with discovery-lan and the dialer', () => {
  const nodes = realNodes()
  const sockets: Socket[] = []
  let ports: number[]

  beforeEach(async () => {
    ports = await freeUdpPorts(3)
  })
  afterEach(async () => {
    await nodes.stop()
    for (const socket of sockets.splice(0)) socket.close()
  })

  /** Everybody has one channel with everybody else, by name, and knows where they listen. */
  const isWhole = (all: readonly PeerNetwork[]): boolean =>
    all.every((node) => {
      const others = all.filter((other) => other !== node)
      const names = others.map(({ identifier }) => identifier).sort()
      return connected(node).join() === names.join() && others.every((other) => knows(node, other))
    })
  const knows = (node: PeerNetwork, other: PeerNetwork): boolean =>
    node.knownPeers.get(other.identifier)?.addresses.some(({ port }) => port === other.listening[0]?.port) === true

  it('find each other, each at its own port, with one channel between two', async () => {
    const all = await Promise.all([1, 2, 3].map(() => nodes.start({ ports })))
    await until('three nodes are connected', () => isWhole(all))
    expect(new Set(all.map(({ identifier }) => identifier)).size).to.equal(3)
    for (const node of all) expect([...node.knownPeers].every(({ via }) => via === 'discovery-lan')).to.equal(true)
  })

  it('are found by one that comes later, and by one that shares only a port with them', async () => {
    const first = await nodes.start({ ports })
    const second = await nodes.start({ ports: [ports[2]!] })
    await until('two nodes are connected', () => isWhole([first, second]))
    const third = await nodes.start({ ports })
    await until('three nodes are connected', () => isWhole([first, second, third]))
  })

  it('find each other when they listen on different addresses of loopback', async () => {
    const all = [await nodes.start({ ports, host: '127.0.0.2' }), await nodes.start({ ports, host: '127.0.0.3' })]
    await until('two nodes are connected', () => isWhole(all))
    expect(all[0]!.knownPeers.get(all[1]!.identifier)?.addresses[0]?.host).to.equal('127.0.0.3')
  })

  it('of two networks do not become candidates of each other', async () => {
    const a = [await nodes.start({ ports, name: 'a' }), await nodes.start({ ports, name: 'a' })]
    const b = [await nodes.start({ ports, name: 'b' }), await nodes.start({ ports, name: 'b' })]
    await until('both networks are whole', () => isWhole(a) && isWhole(b))
    for (const node of a)
      expect([...node.knownPeers].map(({ identifier }) => identifier)).to.deep.equal(others(a, node))
    for (const node of b)
      expect([...node.knownPeers].map(({ identifier }) => identifier)).to.deep.equal(others(b, node))
  })

  it('rotate the port that they announce to, when the routine is started', async () => {
    const node = await nodes.start({ ports })
    let rotations = 0
    node.on('rotateBroadcastPort', () => rotations++)
    node.use('routines').setInterval('RotateBroadcastPort', 20)
    node.use('routines').start('RotateBroadcastPort')
    await until('the port has been rotated twice', () => rotations >= 2)
  })

  it('take no harm from 10,000 forged, oversized and senseless datagrams, and still find who is honest', async () => {
    const { socket: spy, heard } = await listenUdp({ address: '127.255.255.255', port: ports[0]!, reuseAddr: true })
    sockets.push(spy)
    const first = await nodes.start({ ports })
    await until('an announcement is heard', () => heard.length > 0)
    const failures: unknown[] = []
    first.on('pluginFailed', (failure) => failures.push(failure))

    const { next, bytes } = seededRandom(7)
    const whole = (below: number) => Math.floor(next() * below)
    const honest = heard[0]!.bytes
    const forge = (i: number): Buffer => {
      if (i % 4 === 0) return Buffer.from(bytes(whole(64)))
      if (i % 4 === 1) return Buffer.concat([honest, Buffer.alloc(whole(20_000))])
      const copy = Buffer.from(honest)
      for (let n = 0; n <= whole(6); n++) copy[whole(copy.length)] = whole(256)
      return i % 4 === 2 ? copy.subarray(0, whole(copy.length)) : copy
    }
    const { socket: from, heard: answers } = await listenUdp({ address: '127.0.0.9' })
    sockets.push(from)
    let sent = 0
    for (let i = 0; i < 10_000; i++) {
      const datagram = forge(i)
      sent += datagram.length
      await sendUdp(from, datagram, ports[i % 3]!)
    }
    const second = await nodes.start({ ports })
    await until(
      'the honest nodes are connected',
      () => knows(first, second) && connected(first).includes(second.identifier),
    )
    expect(first.state).to.equal('running')
    expect(failures).to.deep.equal([])
    expect(answers.reduce((sum, { bytes: { length } }) => sum + length, 0)).to.be.at.most(sent)
  })

  it('leave no socket behind', async () => {
    const all = await Promise.all([nodes.start({ ports }), nodes.start({ ports })])
    await until('two nodes are connected', () => isWhole(all))
    await nodes.stop()
    for (const port of ports) sockets.push(await bindUdp({ address: '127.255.255.255', port }))
  })
})

function others(all: readonly PeerNetwork[], node: PeerNetwork): string[] {
  return all.filter((other) => other !== node).map(({ identifier }) => identifier)
}
