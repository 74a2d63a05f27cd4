// discovery-lan on loopback: what it says, what it hears, and what it does not fall for.
import type { Socket } from 'node:dgram'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'chai'
import type { IdentifierPacket } from '../../../../core/packets/packet.ts'
import { fakeChannel } from '../../../support/fake-context.ts'
import { bindUdp, freeUdpPorts, listenUdp, sendUdp, type Heard } from '../../../support/udp.ts'
import { until } from '../../../support/until.ts'
import { lanNode, type Fields, type LanNode, type LanSetup } from './node.ts'

describe('discovery-lan', () => {
  const nodes: LanNode[] = []
  const sockets: Socket[] = []
  let ports: number[]

  beforeEach(async () => {
    ports = await freeUdpPorts(3)
  })
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.leave()
    for (const socket of sockets.splice(0)) socket.close()
  })

  const open = async (setup: Partial<LanSetup> = {}): Promise<LanNode> => {
    const node = lanNode({ ports, tcpPort: 4001, ...setup })
    nodes.push(node)
    await node.start()
    return node
  }
  const speaker = async (): Promise<Socket> => {
    const socket = await bindUdp()
    sockets.push(socket)
    return socket
  }
  const listener = async (port: number): Promise<Heard[]> => {
    const { socket, heard } = await listenUdp({ address: '127.255.255.255', port, reuseAddr: true })
    sockets.push(socket)
    return heard
  }
  const port = () => ports[0]!
  /** Whatever was sent before this has been heard and dealt with: it arrives in order. */
  const settled = async (node: LanNode) => {
    const mark = `mark-${node.candidates.length}`
    await node.clock.advance(10_000) // the rates have room again
    await sendUdp(await speaker(), node.announcement({ sourceOriginIdentifier: mark }), port())
    await until(`${mark} is heard`, () => node.candidates.some(({ identifier }) => identifier === mark))
    node.candidates.splice(
      node.candidates.findIndex(({ identifier }) => identifier === mark),
      1,
    )
  }

  it('makes two nodes of one machine candidates of each other, and of themselves not', async () => {
    const a = await open({ identifier: 'a', tcpPort: 4001 })
    const b = await open({ identifier: 'b', tcpPort: 4002 })
    await until('a and b know each other', () => a.candidates.length > 0 && b.candidates.length > 0)
    const known = { host: '127.0.0.1', via: 'discovery-lan', scheme: 'tcp' }
    expect(a.candidates[0]).to.deep.equal({ ...known, identifier: 'b', port: 4002 })
    expect(b.candidates[0]).to.deep.equal({ ...known, identifier: 'a', port: 4001 })
    await a.clock.advance(20_000)
    await settled(a)
    expect([...a.candidates, ...b.candidates].filter(({ identifier }) => identifier === undefined)).to.deep.equal([])
    expect(a.candidates.every(({ identifier }) => identifier !== 'a')).to.equal(true)
  })

  describe('hears', () => {
    const cases: [what: string, fields: Fields, candidates: number][] = [
      ['a node of its own network', {}, 1],
      ['a node that names no network, as the original', { network: undefined }, 1],
      ['a node that names no identifier', { sourceOriginIdentifier: undefined }, 1],
      ['a node of another network', { network: 'other' }, 0],
      ['its own identifier from elsewhere', { sourceOriginIdentifier: 'me' }, 0],
      ['a node that does not listen', { data: 0 }, 0],
    ]
    for (const [what, fields, candidates] of cases)
      it(`${what}: ${candidates === 0 ? 'no candidate' : 'a candidate'}`, async () => {
        const node = await open()
        await sendUdp(await speaker(), node.announcement(fields), port())
        await settled(node)
        expect(node.candidates).to.have.lengthOf(candidates)
      })

    const forged: [string, (valid: Buffer) => Buffer][] = [
      ['nothing at all', () => Buffer.alloc(0)],
      ['noise', () => Buffer.from('GET / HTTP/1.1\r\n\r\n')],
      ['half an announcement', (valid) => valid.subarray(0, valid.length / 2)],
      [
        'an announcement longer than a datagram may be',
        (valid) => Buffer.concat([valid, Buffer.alloc(1201 - valid.length)]),
      ],
    ]
    for (const [what, forge] of forged)
      it(`${what}: no candidate, and goes on`, async () => {
        const node = await open()
        await sendUdp(await speaker(), forge(node.announcement()), port())
        await settled(node)
        expect(node.candidates).to.have.lengthOf(0)
      })

    it('a packet of another type, or an Identifier of the wrong shape: no candidate', async () => {
      const node = await open()
      node.ctx.packets.register('PureMessage', { type: 'object', properties: { type: {}, message: {} } })
      const { head, payload } = node.ctx.use('wire').encode({ type: 'PureMessage', message: 'x' } as never)
      await sendUdp(await speaker(), Buffer.concat([head, payload ?? Buffer.alloc(0)]), port())
      // Its message is longer than the schema has it.
      await sendUdp(await speaker(), node.announcement({ message: 'x'.repeat(257) }), port())
      await settled(node)
      expect(node.candidates).to.have.lengthOf(0)
      expect(node.log.find(({ message }) => message.startsWith('datagrams dropped'))).to.not.equal(undefined)
    })
  })

  it('without a transport only hears', async () => {
    const said = await listener(port())
    const node = await open({ tcpPort: undefined })
    await sendUdp(await speaker(), node.announcement(), port())
    await settled(node)
    expect(node.candidates).to.have.lengthOf(1)
    expect(node.candidates[0]).to.not.have.property('scheme')
    expect(said.filter(({ bytes }) => bytes.includes('"me"'))).to.have.lengthOf(0)
    expect(node.asked).to.deep.equal([])
  })

  it('starts to announce when the node begins to listen', async () => {
    const said = await listener(port())
    const node = await open({ tcpPort: undefined })
    node.node.listening.push({ scheme: 'tcp', host: '127.0.0.1', port: 4007 })
    node.emit('listening', node.node.listening)
    await until('the announcement is heard', () => said.length > 0)
    expect(decode(node, said[0]!)).to.include({ type: 'Identifier', data: 4007, network: 'test', ip: '127.0.0.1' })
  })

  it('announces what discovery.announce makes of it', async () => {
    const said = await listener(port())
    const ask = (_hook: string, packet: IdentifierPacket) => Promise.resolve({ ...packet, message: 'bonjour' })
    const node = await open({ network: { ask } })
    await until('the announcement is heard', () => said.length > 0)
    expect(decode(node, said[0]!)).to.include({ message: 'bonjour', data: 4001 })
  })

  it('parses from one address no more than the rate, and none of what it need not parse', async () => {
    const node = await open({ options: { perSourceBurst: 10, perSourcePerSecond: 5 } })
    const from = await speaker()
    const flood = async (name: string) => {
      for (let i = 0; i < 100; i++)
        await sendUdp(from, node.announcement({ sourceOriginIdentifier: `${name}-${i}` }), port())
      const last = () => node.candidates.at(-1)?.identifier?.startsWith(name) === true
      await until(`${name} is heard`, last)
      await setTimeout(20) // the rest of the flood has arrived by now, or more than the rate would show in the end
    }
    await flood('first')
    expect(node.candidates).to.have.lengthOf(10)
    await node.clock.advance(1000)
    await flood('second')
    expect(node.candidates).to.have.lengthOf(15)
    const copy = node.announcement({ sourceOriginIdentifier: node.candidates.at(-1)!.identifier! })
    for (let i = 0; i < 100; i++) await sendUdp(from, copy, port())
    await settled(node)
    expect(node.candidates).to.have.lengthOf(15)
    expect(node.log.filter(({ level }) => level === 'debug').length).to.be.at.most(4)
  })

  describe('answers', () => {
    const spoken = async (node: LanNode, fields: Fields): Promise<{ sent: number; answers: Heard[] }> => {
      const { socket, heard } = await listenUdp({})
      sockets.push(socket)
      const bytes = node.announcement(fields)
      await sendUdp(socket, bytes, port())
      await settled(node)
      await setTimeout(20)
      return { sent: bytes.length, answers: heard }
    }

    it('whom it hears for the first time, once, to the socket that spoke and with no more bytes than it heard', async () => {
      const node = await open()
      const first = await spoken(node, { sourceOriginIdentifier: 'newcomer' })
      expect(first.answers).to.have.lengthOf(1)
      expect(first.answers[0]!.bytes.length).to.be.at.most(first.sent)
      expect(decode(node, first.answers[0]!)).to.include({ sourceOriginIdentifier: 'me', data: 4001 })
      const again = await spoken(node, { sourceOriginIdentifier: 'newcomer', sourceOriginTime: 1 })
      expect(again.answers).to.have.lengthOf(0)
    })

    it('with fewer words where there is less room, and not at all where there is none', async () => {
      const node = await open({ identifier: 'm'.repeat(32) })
      const terse = { message: undefined, ip: undefined }
      const short = await spoken(node, { ...terse, sourceOriginIdentifier: 'x'.repeat(32) })
      expect(short.answers).to.have.lengthOf(1)
      expect(short.answers[0]!.bytes.length).to.be.at.most(short.sent)
      const shorter = await spoken(node, { ...terse, sourceOriginIdentifier: 'y'.repeat(20) })
      expect(shorter.answers).to.have.lengthOf(0)
    })

    it('nobody whom a policy refuses', async () => {
      let refused = 0
      const candidate = () => {
        refused++
        return { code: 'E_BLOCKED', reason: 'no' }
      }
      const node = await open({ network: { candidate } })
      const { socket, heard } = await listenUdp({})
      sockets.push(socket)
      await sendUdp(socket, node.announcement(), port())
      await until('the candidate is refused', () => refused > 0)
      await setTimeout(20)
      expect(heard).to.have.lengthOf(0)
    })
  })

  describe('speaks', () => {
    /** Virtual times at which datagrams were heard on each port, since the start. */
    const watch = async (node: LanNode, ms: number, step: number): Promise<{ at: number; port: number }[]> => {
      const heard = await Promise.all(ports.map((one) => listener(one)))
      const begin = node.clock.now()
      const counts = heard.map(() => 0)
      const times: { at: number; port: number }[] = []
      const look = () => {
        heard.forEach((all, i) => {
          for (; counts[i]! < all.length; counts[i]!++) times.push({ at: node.clock.now() - begin, port: ports[i]! })
        })
      }
      await node.start()
      while (node.clock.now() - begin < ms) {
        await setTimeout(2)
        look()
        await node.clock.advance(step)
      }
      await setTimeout(20)
      look()
      return times
    }

    it('four times within the first second on every designated port, then now and then while it is alone', async () => {
      const node = lanNode({ ports, tcpPort: 4001, options: { aloneMs: 3000 } })
      nodes.push(node)
      const times = await watch(node, 8_000, 25)
      for (const one of ports) {
        const at = times.filter((time) => time.port === one).map((time) => time.at)
        const gaps = at.slice(1).map((time, i) => time - at[i]!)
        expect(at[0]).to.be.at.most(25)
        for (const [i, ms] of [250, 250, 500].entries()) expect(gaps[i]).to.be.within(ms * 0.8 - 30, ms * 1.2 + 30)
        for (const gap of gaps.slice(3)) expect(gap).to.be.within(3000 * 0.8 - 30, 3000 * 1.2 + 30)
        expect(gaps.slice(3).length).to.be.at.least(1)
      }
    })

    it('less often and on one port in company, and on another one when it is told to rotate', async () => {
      const node = lanNode({ ports, tcpPort: 4001, options: { aloneMs: 2000, announceMs: 15_000 } })
      nodes.push(node)
      node.node.channels.push(fakeChannel())
      const steady = (await watch(node, 60_000, 200)).filter(({ at }) => at > 1500)
      expect(new Set(steady.map((time) => time.port)).size).to.equal(1)
      const at = steady.map((time) => time.at)
      for (const [i, time] of at.slice(1).entries()) expect(time - at[i]!).to.be.within(12_000 - 210, 18_000 + 210)
      expect(at.length).to.be.at.least(3)
      const next = ports[(ports.indexOf(steady[0]!.port) + 1) % ports.length]!
      const heard = await listener(next)
      node.emit('rotateBroadcastPort')
      await node.clock.advance(18_000)
      await until('the next port is spoken to', () => heard.length > 0)
    })
  })

  it('does with the ports it can get, and says which it cannot', async () => {
    sockets.push(await bindUdp({ address: '127.255.255.255', port: ports[1]! }))
    const node = await open()
    expect(node.log.filter(({ level }) => level === 'warn').map(({ fields }) => fields.port)).to.deep.equal([ports[1]])
    await sendUdp(await speaker(), node.announcement(), ports[2]!)
    await settled(node)
    expect(node.candidates).to.have.lengthOf(1)
  })

  it('does not start where no designated port can be had', async () => {
    for (const one of ports) sockets.push(await bindUdp({ address: '0.0.0.0', port: one }))
    const error = await open().catch((thrown: unknown) => thrown)
    expect(error).to.have.property('code', 'E_LAN_PORTS')
  })

  it('starts, and says so, where there is no interface', async () => {
    const node = await open({ network: { interfaces: [] } })
    expect(node.log.map(({ level, message }) => [level, message])).to.deep.equal([
      ['warn', 'no interface to announce on'],
    ])
  })
})

function decode(node: LanNode, { bytes }: Heard) {
  const decoder = node.ctx.use('wire').createDecoder({ frameBytes: 1200 })
  decoder.push(bytes)
  return decoder.next() as IdentifierPacket
}
