// discovery-lan by its methods, and on interfaces that come and go: real datagrams on loopback.
import type { Socket } from 'node:dgram'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'chai'
import type { NetworkInterface } from '../../../../core/interfaces.ts'
import type { IdentifierPacket } from '../../../../core/packets/packet.ts'
import type { Method } from '../../../../plugins/discovery/lan/sockets.ts'
import { bindUdp, freeUdpPorts, listenUdp, sendUdp } from '../../../support/udp.ts'
import { until } from '../../../support/until.ts'
import { lanNode, type LanNode, type LanSetup } from './node.ts'

const loopback = (...addresses: string[]): NetworkInterface => ({
  name: 'lo',
  mac: '00:00:00:00:00:00',
  addresses: addresses.map((address) => ({
    address,
    netmask: '255.0.0.0',
    family: 'IPv4',
    broadcast: '127.255.255.255',
    internal: true,
  })),
})

describe('discovery-lan', () => {
  const nodes: LanNode[] = []
  const sockets: Socket[] = []
  let ports: number[]

  beforeEach(async () => {
    ports = await freeUdpPorts(2)
  })
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.leave()
    for (const socket of sockets.splice(0)) socket.close()
  })

  const open = async (identifier: string, setup: Partial<LanSetup> = {}): Promise<LanNode> => {
    const node = lanNode({ ports, tcpPort: 4001 + nodes.length, identifier, ...setup })
    nodes.push(node)
    await node.start()
    return node
  }
  const knows = (node: LanNode, name: string) => node.candidates.some(({ identifier }) => identifier === name)
  /** Time goes by for all, and what was sent arrives. */
  const live = async (ms: number) => {
    for (const node of nodes) await node.clock.advance(ms)
    await setTimeout(5)
  }

  describe('by its methods', () => {
    const both: Method[] = ['broadcast', 'multicast']
    const cases: [a: Method[], b: Method[], meet: boolean][] = [
      [both, both, true],
      [['multicast'], ['multicast'], true],
      [['broadcast'], ['broadcast'], true],
      [both, ['multicast'], true],
      [['broadcast'], both, true],
      [['broadcast'], ['multicast'], false],
    ]
    for (const [a, b, meet] of cases)
      it(`${a.join(' and ')} ${meet ? 'meets' : 'does not meet'} ${b.join(' and ')}`, async () => {
        const one = await open('one', { options: { methods: a } })
        const two = await open('two', { options: { methods: b } })
        if (meet) return until('they meet', () => knows(one, 'two') && knows(two, 'one'))
        for (let i = 0; i < 10; i++) await live(1000)
        expect([...one.candidates, ...two.candidates]).to.deep.equal([])
      })

    it('meets nobody of another group, and those of its own', async () => {
      const options = (group: unknown) => ({ options: { methods: ['multicast'], group } })
      const one = await open('one', options('239.255.7.1'))
      const two = await open('two', options({ ipv4: '239.255.7.2' }))
      const three = await open('three', options({ ipv4: '239.255.7.1', ipv6: 'ff12::7:1' }))
      await until('one and three meet', () => knows(one, 'three') && knows(three, 'one'))
      expect(two.candidates).to.deep.equal([])
    })
  })

  it('reads an announcement that comes by all ways and four times over once', async () => {
    let parsed = 0
    const one = await open('one', { tcpPort: undefined })
    const identifier = one.ctx.packets.get('Identifier')!
    one.ctx.packets.get = () =>
      ({
        ...identifier,
        validate: (packet: unknown) => {
          parsed++
          return identifier.validate(packet)
        },
      }) as never
    const two = await open('two')
    await until('it is heard', () => knows(one, 'two'))
    for (let i = 0; i < 13; i++) await two.clock.advance(100)
    await setTimeout(30)
    expect(parsed).to.equal(1)
    await two.clock.advance(4000)
    await until('the next one is heard', () => one.candidates.length === 2)
    expect(parsed).to.equal(2)
  })

  describe('follows its interfaces:', () => {
    it('with none it waits, and speaks and hears as soon as one comes', async () => {
      let present: NetworkInterface[] = []
      const node = await open('me', {
        network: {
          get interfaces() {
            return present
          },
        },
      })
      const other = await open('other')
      await live(3000)
      expect(node.candidates).to.deep.equal([])
      present = [loopback('127.0.0.1')]
      await node.clock.advance(1000)
      await until('they meet', () => knows(other, 'me'))
      for (let i = 0; i < 5; i++) await live(1000)
      await until('it hears, too', () => knows(node, 'other'))
      expect(node.log.filter(({ level }) => level === 'warn')).to.have.lengthOf(1)
    })

    it('with another address it speaks from there at once, and not from the old one any more', async () => {
      let present = [loopback('127.0.0.1')]
      await open('me', {
        settings: { host: '0.0.0.0' },
        options: { interfaces: 'loopback', rhythm: 'fixed', announceMs: 60_000 },
        network: {
          get interfaces() {
            return present
          },
        },
      })
      const [node] = nodes as [LanNode]
      node.node.listening[0] = { scheme: 'tcp', host: '0.0.0.0', port: 4001 }
      node.emit('listening', node.node.listening)
      const { socket, heard } = await listenUdp({ address: '127.255.255.255', port: ports[0]!, reuseAddr: true })
      sockets.push(socket)
      present = [loopback('127.0.0.5')]
      await node.clock.advance(1000)
      await until('it speaks from the new address', () => heard.some(({ from }) => from.address === '127.0.0.5'))
      heard.length = 0
      await node.clock.advance(61_000)
      await until('it speaks again', () => heard.length > 0)
      expect(new Set(heard.map(({ from }) => from.address))).to.deep.equal(new Set(['127.0.0.5']))
    })

    it('with none left it falls silent and does not fall over, and comes back', async () => {
      let present = [loopback('127.0.0.1')]
      const node = await open('me', {
        network: {
          get interfaces() {
            return present
          },
        },
      })
      const other = await open('other')
      await until('they meet', () => knows(other, 'me') && knows(node, 'other'))
      const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind === 'UDPWrap').length
      const before = sockets()
      for (let i = 0; i < 3; i++) {
        present = []
        await node.clock.advance(1000)
        await setTimeout(5) // what was under way has arrived
        other.candidates.length = 0
        await live(20_000)
        expect(other.candidates).to.deep.equal([])
        present = [loopback('127.0.0.1')]
        await node.clock.advance(1000)
        await until('it is back', () => knows(other, 'me'))
      }
      await until('what was opened for it is closed', () => sockets() === before)
      const changes = node.log.filter(({ message }) => message === 'the interfaces have changed')
      expect(changes).to.have.lengthOf(6)
      expect(changes[0]!.fields).to.deep.equal({ appeared: [], gone: ['lo 127.0.0.1'], changed: [] })
    })

    it('where another program has the ports when one comes, it hears as soon as that lets go of them', async () => {
      let present: NetworkInterface[] = []
      const node = await open('me', {
        network: {
          get interfaces() {
            return present
          },
        },
      })
      const takers = await Promise.all(ports.map((port) => bindUdp({ address: '0.0.0.0', port })))
      present = [loopback('127.0.0.1')]
      await node.clock.advance(1000)
      await until('it says so', () => node.log.some(({ message }) => message === 'cannot listen on a designated port'))
      for (const taker of takers) taker.close()
      await node.clock.advance(1000)
      const other = await open('other')
      await other.clock.advance(1000)
      await until('it hears', () => knows(node, 'other'))
    })
  })

  describe('says farewell', () => {
    it('when it stops, and is answered like a stranger when it comes back', async () => {
      const { socket, heard } = await listenUdp({ address: '127.255.255.255', port: ports[0]!, reuseAddr: true })
      sockets.push(socket)
      const stayer = await open('stayer', { options: { rhythm: 'fixed', announceMs: 3_600_000 } })
      const first = await open('guest', { tcpPort: 4100 })
      await until('they meet', () => knows(stayer, 'guest') && knows(first, 'stayer'))
      await first.stop()
      await first.leave()
      const farewells = () =>
        heard
          .map(({ bytes }) => read(stayer, bytes))
          .filter(({ data, sourceOriginIdentifier: who }) => data === 0 && who === 'guest')
      await until('the farewell is heard', () => farewells().length > 0)
      expect(stayer.candidates.every(({ port }) => port !== 0)).to.equal(true)
      const second = await open('guest', { tcpPort: 4101 })
      await until('it knows at once who is here', () => knows(second, 'stayer'))
    })

    it('and without one it is known and not answered', async () => {
      const stayer = await open('stayer', { options: { rhythm: 'fixed', announceMs: 3_600_000 } })
      const first = await open('guest', { tcpPort: 4100 })
      await until('they meet', () => knows(stayer, 'guest') && knows(first, 'stayer'))
      await first.leave()
      const second = await open('guest', { tcpPort: 4101 })
      await until('it is heard', () => stayer.candidates.some(({ port }) => port === 4101))
      await setTimeout(20)
      expect(second.candidates).to.deep.equal([])
    })

    it('in another one’s name in vain', async () => {
      const { socket, heard } = await listenUdp({})
      const { socket: forger } = await listenUdp({})
      sockets.push(socket, forger)
      const node = await open('me')
      await sendUdp(socket, node.announcement({ sourceOriginIdentifier: 'honest' }), ports[0]!)
      await until('the honest one is answered', () => heard.length === 1)
      await sendUdp(forger, node.announcement({ sourceOriginIdentifier: 'honest', data: 0 }), ports[0]!)
      await sendUdp(socket, node.announcement({ sourceOriginIdentifier: 'honest', sourceOriginTime: 2 }), ports[0]!)
      await until('the honest one is heard again', () => node.candidates.length === 2)
      await setTimeout(20)
      expect(heard, 'it is known still').to.have.lengthOf(1)
      expect(node.candidates.every(({ port }) => port === 4000)).to.equal(true)
    })

    it('not if the node goes on without it', async () => {
      const { socket, heard } = await listenUdp({ address: '127.255.255.255', port: ports[0]!, reuseAddr: true })
      sockets.push(socket)
      const node = await open('me', { network: { state: 'running' } })
      await until('it is heard', () => heard.length > 0)
      await node.stop()
      await node.leave()
      const mark = await bindUdp()
      sockets.push(mark)
      await sendUdp(mark, Buffer.from('mark'), ports[0]!)
      await until('all was heard', () => heard.some(({ bytes }) => bytes.toString() === 'mark'))
      const announcements = heard.filter(({ bytes }) => bytes.toString() !== 'mark')
      expect(announcements.map(({ bytes }) => read(node, bytes).data)).to.not.include(0)
    })
  })
})

function read(node: LanNode, bytes: Uint8Array) {
  const decoder = node.ctx.use('wire').createDecoder({ frameBytes: 1200 })
  decoder.push(bytes)
  return decoder.next() as IdentifierPacket
}
