// What many, or hostile, datagrams cost: bounds that hold whatever is sent, and honest nodes that are heard all the same.
import type { Socket } from 'node:dgram'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'chai'
import { PeerNetwork, definePlugin } from '../../../../core/index.ts'
import { Scratch } from '../../../support/scratch.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { floodFromOutside } from '../../../support/udp-flood.ts'
import { bindUdp, freeUdpPorts, listenUdp, sendUdp, type Heard } from '../../../support/udp.ts'
import { until } from '../../../support/until.ts'
import { realNodes } from '../network.ts'
import { lanNode } from './node.ts'

describe('discovery-lan, under siege', () => {
  const sockets: Socket[] = []
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close()
  })

  it('sends no more bytes than it is sent, to nobody whose name 10,000 announcements are forged in', async () => {
    const ports = await freeUdpPorts(2)
    // Nobody is turned away by a rate, and nothing is said unasked.
    const options = { rhythm: 'fixed', announceMs: 3_600_000, perSourceBurst: 1000, perSourcePerSecond: 1000 }
    const node = lanNode({ ports, tcpPort: 4001, identifier: 'x'.repeat(43), options })
    const victims: { socket: Socket; heard: Heard[]; bytes: number; datagrams: number }[] = []
    try {
      for (let i = 0; i < 20; i++)
        victims.push({ ...(await listenUdp({ address: `127.0.1.${i + 1}` })), bytes: 0, datagrams: 0 })
      sockets.push(...victims.map(({ socket }) => socket))
      await node.start()
      const { next } = seededRandom(3)
      const short = { message: undefined, ip: undefined, network: undefined, sourceOriginTime: undefined }
      for (let i = 0; i < 10_000; i++) {
        const victim = victims[i % victims.length]!
        const name = String(i).padEnd(Math.floor(5 + next() * 60), '-')
        const forged = node.announcement({ ...(i % 3 === 0 && short), sourceOriginIdentifier: name })
        victim.bytes += forged.length
        victim.datagrams++
        await sendUdp(victim.socket, forged, ports[i % 2]!)
        if (i % 100 === 99) await node.clock.advance(1000)
      }
      const before = () => victims.reduce((sum, { heard }) => sum + heard.length, 0)
      for (let last = -1; last !== before();) {
        last = before()
        await setTimeout(20)
      }
      expect(node.candidates.length, 'they are believed to be candidates').to.be.greaterThan(5000)
      expect(before(), 'some are answered').to.be.greaterThan(1000)
      for (const { heard, bytes, datagrams } of victims) {
        expect(heard.length).to.be.at.most(datagrams)
        expect(heard.reduce((sum, each) => sum + each.bytes.length, 0) / bytes).to.be.at.most(1)
      }
    } finally {
      await node.leave()
    }
  })

  describe('by 100,000 forged announcements', () => {
    let node: PeerNetwork | undefined
    let scratch: Scratch | undefined
    afterEach(async () => {
      await node?.stop()
      await scratch?.remove()
      node = scratch = undefined
    })

    const cases: [what: string, sources: number][] = [
      ['from one address', 1],
      ['from a hundred', 100],
    ]
    for (const [what, count] of cases)
      it(`${what}: of none are more read than its rate, and an honest node is heard`, async function () {
        this.timeout(90_000)
        const ports = await freeUdpPorts(3)
        const read = new Map<string, number>()
        let isHonestHeard = false
        const counter = definePlugin({
          name: 'counter',
          version: '1.0.0',
          api: 1,
          setup(ctx) {
            ctx.hooks.discovery.candidate.tap(({ host, identifier }) => {
              read.set(host, (read.get(host) ?? 0) + 1)
              isHonestHeard ||= identifier === 'honest'
              return { code: 'E_TEST', reason: 'counted' }
            })
          },
        })
        scratch = await Scratch.make({})
        node = await PeerNetwork.create(
          {
            extends: ['p2pnet:minimal'],
            network: { name: 'test', designatedPorts: ports },
            plugins: [{ use: 'discovery-lan', options: { perSourceBurst: 10, perSourcePerSecond: 5 } }, counter],
          },
          { dataDir: scratch.path },
        )
        const begun = Date.now()
        await node.start()
        // Its own spelling: a node of the same wire.
        const forger = lanNode({ ports })
        const forged = forger.announcement({ sourceOriginIdentifier: 'forged-00000000' })
        const { sent } = await floodFromOutside({
          template: forged.toString('base64'),
          mark: '00000000',
          count: 100_000,
          sources: Array.from({ length: count }, (_, i) => `127.0.2.${i + 1}`),
          address: '127.255.255.255',
          ports,
        })
        expect(sent).to.equal(100_000)
        const honest = await bindUdp({ address: '127.0.3.1' })
        sockets.push(honest)
        for (let i = 0; !isHonestHeard; i++) {
          expect(i, 'rounds until the honest one is heard').to.be.lessThan(500)
          await sendUdp(
            honest,
            forger.announcement({ sourceOriginIdentifier: 'honest', sourceOriginTime: i }),
            ports[0]!,
          )
          await setTimeout(20)
        }
        await forger.leave()
        const allowed = 10 + (5 * (Date.now() - begun)) / 1000
        read.delete('127.0.3.1')
        expect(read.size).to.be.greaterThan(0)
        for (const [host, times] of read) expect(times, host).to.be.at.most(allowed)
      })
  })
})

describe('thirty nodes of one machine', () => {
  const nodes = realNodes()
  afterEach(() => nodes.stop())

  it('know each other, all of them, by what each says of itself', async function () {
    this.timeout(60_000)
    const ports = await freeUdpPorts(3)
    const all = await Promise.all(Array.from({ length: 30 }, () => nodes.start({ ports })))
    await until(
      'thirty nodes know each other',
      () => all.every((node) => all.every((other) => other === node || node.knownPeers.get(other.identifier))),
      30_000,
    )
    for (const node of all)
      for (const { via } of node.knownPeers) expect(via).to.be.oneOf(['discovery-lan', 'channel'], 'its own word')
  })
})

describe('forty starts and stops in a row', () => {
  it('leave no socket and no timer behind', async function () {
    this.timeout(60_000)
    const ports = await freeUdpPorts(3)
    const open = () =>
      process
        .getActiveResourcesInfo()
        .filter((kind) => /UDP|TCP|Timeout|Pipe/.test(kind))
        .sort()
    const nodes = realNodes()
    await nodes.start({ ports })
    await nodes.stop()
    await setTimeout(20)
    const before = open()
    for (let i = 0; i < 40; i++) {
      await nodes.start({ ports })
      await nodes.stop()
    }
    await until('everything is closed', () => open().join() === before.join())
    for (const port of ports) await bindUdp({ address: '0.0.0.0', port }).then((socket) => socket.close())
  })
})
