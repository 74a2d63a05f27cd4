// When a node speaks on a link: a clock that the test moves, and a socket that keeps what is sent.
import type { Socket } from 'node:dgram'
import { decode, type DecodedPacket, type Question } from 'dns-packet'
import { expect } from 'chai'
import { Responder } from '../../../../plugins/discovery/mdns/responder.ts'
import { fakeContext } from '../../../support/fake-context.ts'

function responder(address = '10.77.0.1') {
  const fake = fakeContext()
  const begin = fake.clock.now()
  fake.node.listening = [{ scheme: 'tls', host: '0.0.0.0', port: 4001 }]
  const sent: { at: number; packet: DecodedPacket }[] = []
  const socket = {
    send(bytes: Buffer, port: number, to: string, done: (error: Error | null) => void) {
      expect([port, to]).to.deep.equal([5353, '224.0.0.251'])
      sent.push({ at: fake.clock.now() - begin, packet: decode(bytes) })
      done(null)
    },
  } as unknown as Socket
  const link = {
    family: 'IPv4',
    name: 'eth0',
    address,
    netmask: '255.255.255.0',
    broadcast: '',
    loopback: false,
    addresses: [],
  } as const
  const subject = new Responder(fake.ctx, link, socket, 60_000)
  /** What was sent since the last call, in short. */
  const said = () =>
    sent.splice(0).map(({ at, packet: { type, answers = [] } }) => {
      const goodbye = answers.length > 0 && answers.every((record) => (record as { ttl?: number }).ttl === 0)
      return {
        at,
        what: type === 'query' ? 'asks' : goodbye ? 'goodbye' : answers.map((record) => record.type).join(' '),
      }
    })
  const answers = () => said().filter(({ what }) => what !== 'asks')
  const ask = (...questions: Question[]) => {
    subject.hear({ type: 'query', questions } as DecodedPacket)
  }
  return { ...fake, subject, sent, said, answers, ask }
}

const all = 'PTR PTR SRV TXT A'
const service: Question = { type: 'PTR', name: '_p2pnet._tcp.local' }

describe('a node on a link', () => {
  it('announces itself twice, and asks for others ever less often', async () => {
    const node = responder()
    await node.subject.begin()
    await node.clock.advance(300_000)
    const said = node.said()
    expect(said.filter(({ what }) => what === all).map(({ at }) => at)).to.deep.equal([0, 1000])
    const asked = said.filter(({ what }) => what === 'asks').map(({ at }) => at)
    const gaps = asked.slice(1).map((at, i) => at - asked[i]!)
    for (const [i, gap] of gaps.entries()) {
      const steady = Math.min(1000 * 2 ** i, 60_000)
      expect(gap, `gap ${String(i)}`).to.be.within(0.8 * steady, 1.2 * steady)
    }
    expect(gaps.length).to.be.within(8, 11)
  })

  it('answers who asks, soon, to all, and once a second however often it is asked', async () => {
    const node = responder()
    await node.subject.begin()
    await node.clock.advance(5000)
    node.said()
    for (let i = 0; i < 300; i++) {
      node.ask(service)
      await node.clock.advance(10)
    }
    await node.clock.advance(2000)
    const answers = node.answers()
    expect(answers[0]).to.include({ what: 'PTR' })
    expect(answers[0]!.at).to.be.within(5020, 5120)
    for (const [i, { at }] of answers.slice(1).entries()) expect(at - answers[i]!.at).to.be.at.least(1000)
    expect(answers.length).to.be.within(3, 4)
  })

  const asked: [what: string, question: Question, answer: string][] = [
    ['its service', service, 'PTR'],
    ['its service in capitals', { ...service, name: '_P2PNET._TCP.LOCAL' }, 'PTR'],
    ['all services', { type: 'PTR', name: '_services._dns-sd._udp.local' }, 'PTR'],
    ['its instance', { type: 'SRV', name: 'me._p2pnet._tcp.local' }, 'SRV'],
    ['everything of its instance', { type: 'ANY' as never, name: 'me._p2pnet._tcp.local' }, 'SRV TXT'],
    ['another service', { type: 'PTR', name: '_http._tcp.local' }, ''],
    ['another instance', { type: 'SRV', name: 'you._p2pnet._tcp.local' }, ''],
    ['another type', { type: 'AAAA', name: 'me._p2pnet._tcp.local' }, ''],
  ]
  for (const [what, question, answer] of asked)
    it(`that is asked for ${what} answers ${answer === '' ? 'nothing' : answer}`, async () => {
      const node = responder()
      await node.subject.begin()
      await node.clock.advance(5000)
      node.sent.splice(0)
      node.ask(question)
      await node.clock.advance(200)
      const [packet] = node.sent.map((each) => each.packet).filter(({ type }) => type === 'response')
      expect((packet?.answers ?? []).map(({ type }) => type).join(' ')).to.equal(answer)
      if (answer === 'PTR') expect(packet!.additionals!.map(({ type }) => type)).to.deep.equal(['SRV', 'TXT', 'A'])
    })

  it('says nothing to who knows it already', async () => {
    const node = responder()
    await node.subject.begin()
    await node.clock.advance(5000)
    const known = node.sent[0]!.packet.answers![0]!
    node.said()
    node.subject.hear({ type: 'query', questions: [service], answers: [known] } as DecodedPacket)
    await node.clock.advance(2000)
    expect(node.answers()).to.deep.equal([])
    const stale = { ...known, ttl: 2249 }
    node.subject.hear({ type: 'query', questions: [service], answers: [stale] } as DecodedPacket)
    await node.clock.advance(2000)
    expect(node.answers()).to.have.lengthOf(1)
  })

  it('says goodbye when it stops, and nothing after that', async () => {
    const node = responder()
    await node.subject.begin()
    await node.clock.advance(5000)
    node.said()
    node.ask(service)
    node.subject.end()
    await node.subject.withdraw()
    await node.clock.advance(300_000)
    expect(node.said()).to.deep.equal([{ at: 5000, what: 'goodbye' }])
    expect(node.clock.pending).to.equal(0)
  })

  it('takes the old name back and tells the new one, when it gets another identifier', async () => {
    const node = responder()
    await node.subject.begin()
    await node.clock.advance(5000)
    node.said()
    node.node.identifier = 'somebody-else'
    await node.subject.begin()
    expect(node.sent[0]!.packet.answers![1]!.name).to.equal('me._p2pnet._tcp.local')
    expect(node.sent[1]!.packet.answers![2]!.name).to.equal('somebody-else._p2pnet._tcp.local')
    expect(
      node
        .said()
        .slice(0, 2)
        .map(({ what }) => what),
    ).to.deep.equal(['goodbye', all])
  })

  const silent: [why: string, change: (node: ReturnType<typeof responder>) => void][] = [
    ['does not listen', ({ node }) => void (node.listening = [])],
    ['has no identifier yet', ({ node }) => void (node.identifier = '')],
    ['cannot be dialled there', ({ node }) => void (node.listening = [{ scheme: 'tls', host: '127.0.0.1', port: 1 }])],
  ]
  for (const [why, change] of silent)
    it(`asks and tells nothing of itself, if it ${why}`, async () => {
      const node = responder()
      change(node)
      await node.subject.begin()
      node.ask(service)
      await node.clock.advance(5000)
      expect(new Set(node.said().map(({ what }) => what))).to.deep.equal(new Set(['asks']))
      node.subject.end()
      await node.subject.withdraw()
      expect(node.said()).to.deep.equal([])
    })

  it('tells the address that it listens on, if that is one of the link', async () => {
    const node = responder()
    node.node.listening = [{ scheme: 'tls', host: '10.77.0.7', port: 4001 }]
    await node.subject.begin()
    expect(node.sent[0]!.packet.answers![4]).to.include({ type: 'A', data: '10.77.0.7' })
  })
})
