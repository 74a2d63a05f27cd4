// What becomes of two nodes whose channel is lost, or dead without a word.
import { expect } from 'chai'
import type { PeerNetwork } from 'p2pnet'
import { addressOf, Company } from './company.ts'

describe('a trusted channel', () => {
  let company: Company
  beforeEach(async () => {
    company = await Company.gather()
  })
  afterEach(() => company.leave())

  const note = (node: PeerNetwork): string[] => {
    const notes: string[] = []
    node.on('reconnected', ({ peer }) => notes.push(`reconnected ${peer.identifier ?? '?'}`))
    node.on('peerRemoved', ({ peer }, { code }) => notes.push(`removed ${peer.identifier ?? '?'} ${code}`))
    return notes
  }
  const peersOf = (node: PeerNetwork) => node.trustedChannels.map(({ peer }) => peer.identifier)

  it('that breaks without a goodbye is replaced within a second, by one channel, and both sides say so once', async () => {
    const [a, b] = [await company.join('a', '10.0.0.1'), await company.join('b', '10.0.0.2')]
    await company.introduce(a, b)
    const [atA, atB] = [note(a), note(b)]
    for (let i = 1; i <= 3; i++) {
      company.network.sever()
      await company.clock.advance(1000)
      expect([peersOf(a), peersOf(b)]).to.deep.equal([['b'], ['a']])
      expect([[...a.channels].length, [...b.channels].length]).to.deep.equal([1, 1])
      for (const notes of [atA, atB]) expect(notes.filter((line) => line.startsWith('reconnected'))).to.have.lengthOf(i)
    }
  })

  it('comes back by the side that can dial, and both say so', async () => {
    const [a, b] = [await company.join('a', '10.0.0.1', ['dialer']), await company.join('b', '10.0.0.2', [])]
    await company.introduce(a, b)
    const [atA, atB] = [note(a), note(b)]
    company.network.sever()
    await company.clock.advance(1000)
    expect([atA.at(-1), atB.at(-1)]).to.deep.equal(['reconnected b', 'reconnected a'])
  })

  for (const [what, end] of [
    ['that was closed with a goodbye', (b: PeerNetwork) => void [...b.channels][0]?.close()],
    ['to a peer that is blocked', (b: PeerNetwork) => void b.block('a')],
  ] as const)
    it(`${what} stays closed, whoever said so`, async () => {
      const [a, b] = [await company.join('a', '10.0.0.1'), await company.join('b', '10.0.0.2')]
      await company.introduce(a, b)
      const notes = note(a)
      end(b)
      await company.clock.advance(120_000)
      expect(notes).to.have.lengthOf(1)
      expect([...a.channels, ...b.channels]).to.deep.equal([])
    })

  it('that was lost is not redialled to somebody who was blocked since', async () => {
    const [a, b] = [await company.join('a', '10.0.0.1'), await company.join('b', '10.0.0.2', [])]
    await company.introduce(a, b)
    company.network.sever()
    await company.clock.advance(100)
    await a.block('b')
    const came: unknown[] = []
    b.on('peerAdded', (channel) => came.push(channel))
    await company.clock.advance(300_000)
    expect(came).to.deep.equal([])
  })

  for (const [mover, stayer, age] of [
    ['a', 'b', 60_000],
    ['b', 'a', 60_000],
    ['a', 'b', 0],
    ['b', 'a', 0],
  ] as const)
    it(`${String(age / 1000)} s old that died when ${mover} moved, while ${stayer} does not know, gives way to one from its new address within 1.5 s`, async () => {
      const nodes = { a: await company.join('a', '10.0.0.1'), b: await company.join('b', '10.0.0.2') }
      await company.introduce(nodes.a, nodes.b)
      await company.clock.advance(age)
      const notes = note(nodes[stayer])
      const from = addressOf(nodes[mover]).host
      company.network.silence()
      company.network.move(from, '10.0.9.9')
      for (const channel of [...nodes[mover].channels])
        void channel.close({ code: 'E_CONNECTION', reason: 'the address is gone' })
      await company.clock.advance(1500)
      expect(notes).to.deep.equal([`removed ${mover} E_STALE`, `reconnected ${mover}`])
      expect(nodes[stayer].trustedChannels.map(({ peer }) => peer.address)).to.deep.equal(['10.0.9.9'])
      await company.clock.advance(5000)
      for (const node of [nodes.a, nodes.b]) expect([...node.channels]).to.have.lengthOf(1)
    })

  for (const dialler of ['a', 'b'] as const)
    it(`that is alive stays when ${dialler} dials anew, and the new one goes on both sides`, async () => {
      const nodes = { a: await company.join('a', '10.0.0.1'), b: await company.join('b', '10.0.0.2') }
      await company.introduce(nodes.a, nodes.b)
      await company.clock.advance(60_000)
      const [older] = [...nodes.a.channels]
      const other = dialler === 'a' ? nodes.b : nodes.a
      const second = nodes[dialler].connect({ ...addressOf(other), identifier: other.identifier }, { anew: true })
      await company.clock.advance(5000)
      expect((await second).closed).to.equal(true)
      expect([...nodes.a.channels]).to.deep.equal([older])
      expect([...nodes.b.channels]).to.have.lengthOf(1)
    })

  for (const apart of [0, 1, 5, 20, 50, 100, 200, 500, 1900])
    it(`that both dialled, ${String(apart)} ms apart, stays one and the same, and nobody is told to be back`, async () => {
      const [a, b] = [await company.join('a', '10.0.0.1'), await company.join('b', '10.0.0.2')]
      const [atA, atB] = [note(a), note(b)]
      const dials = [a.connect(addressOf(b))]
      await company.clock.advance(apart)
      dials.push(b.connect(addressOf(a)))
      await company.clock.advance(5000)
      await Promise.all(dials)
      expect([peersOf(a), peersOf(b)]).to.deep.equal([['b'], ['a']])
      expect([[...a.channels].length, [...b.channels].length]).to.deep.equal([1, 1])
      expect([...atA, ...atB].filter((line) => !line.endsWith('E_DUPLICATE'))).to.deep.equal([])
      const before = [...a.channels, ...b.channels]
      await company.clock.advance(120_000)
      expect([...a.channels, ...b.channels]).to.deep.equal(before)
    })

  for (const mover of ['a', 'b'] as const)
    it(`of which ${mover} had two when it moved gives way to one from its new address within 1.5 s`, async () => {
      const nodes = { a: await company.join('a', '10.0.0.1'), b: await company.join('b', '10.0.0.2') }
      const stayer = nodes[mover === 'a' ? 'b' : 'a']
      await company.introduce(nodes.a, nodes.b)
      void nodes.b.connect({ ...addressOf(nodes.a), identifier: 'a' }, { anew: true })
      const from = addressOf(nodes[mover]).host
      // As soon as both sides have both.
      while ([...nodes.a.channels, ...nodes.b.channels].length < 4) await company.clock.advance(1)
      company.network.silence()
      company.network.move(from, '10.0.9.9')
      for (const channel of [...nodes[mover].channels])
        void channel.close({ code: 'E_CONNECTION', reason: 'the address is gone' })
      await company.clock.advance(1500)
      expect(stayer.trustedChannels.map(({ peer }) => peer.address)).to.deep.equal(['10.0.9.9'])
      await company.clock.advance(5000)
      for (const node of [nodes.a, nodes.b]) expect([...node.channels]).to.have.lengthOf(1)
    })

  for (const deaf of ['10.0.0.1', '10.0.0.2'])
    it(`on which only ${deaf} hears nothing leaves one channel on both sides, the same, when a dials anew`, async () => {
      const [a, b] = [await company.join('a', '10.0.0.1'), await company.join('b', '10.0.0.2')]
      await company.introduce(a, b)
      await company.clock.advance(10_000)
      company.network.silence(deaf)
      const lost: string[] = []
      for (const node of [a, b]) node.on('peerRemoved', (_, { code }) => lost.push(code))
      void a.connect({ ...addressOf(b), identifier: 'b' }, { anew: true })
      await company.clock.advance(5000)
      expect(lost).to.deep.equal(deaf === '10.0.0.1' ? ['E_STALE', 'E_STALE'] : ['E_DUPLICATE', 'E_DUPLICATE'])
      expect([[...a.channels].length, [...b.channels].length]).to.deep.equal([1, 1])
    })

  for (const [owner, host] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const)
    for (const ms of [500, 3000, 60_000])
      it(`in the name of ${owner} that is only claimed goes, after ${String(ms)} ms, when ${owner} proves it`, async () => {
        const node = await company.join(host, '10.0.0.2', [])
        const liar = await company.join('c', '10.0.0.3', [], false)
        const lie = liar.connect(addressOf(node))
        await company.clock.advance(100)
        const lied = await lie
        const talk = async (forMs: number) => {
          for (let i = 0; i < forMs; i += 100) {
            if (!lied.closed) lied.post({ type: 'PureMessage', message: 'x', sourceOriginIdentifier: owner } as never)
            await company.clock.advance(100)
          }
        }
        await talk(ms)
        expect(peersOf(node)).to.deep.equal([owner])
        const real = await company.join(owner, '10.0.0.1', [])
        void real.connect(addressOf(node))
        await talk(3000)
        expect(lied.closed).to.equal(true)
        expect(node.trustedChannels.map(({ peer }) => peer.address)).to.deep.equal(['10.0.0.1'])

        // And nobody takes it back by claiming, even from one that is silent.
        const again = liar.connect(addressOf(node))
        await company.clock.advance(100)
        company.network.silence('10.0.0.1')
        ;(await again).post({ type: 'PureMessage', message: 'x', sourceOriginIdentifier: owner } as never)
        await company.clock.advance(3000)
        expect(node.trustedChannels.map(({ peer }) => peer.address)).to.deep.equal(['10.0.0.1'])
      })

  it('is not pushed out by somebody who only claims the name', async () => {
    const [a, b] = [await company.join('a', '10.0.0.1', [], false), await company.join('b', '10.0.0.2', [], false)]
    await company.introduce(a, b)
    a.trustedChannels[0]?.post({ type: 'PureMessage', message: 'it is me' } as never)
    await company.clock.advance(10_000)
    const [older] = [...b.channels]
    expect(older?.peer.identifier).to.equal('a')
    const liar = await company.join('c', '10.0.0.3', [], false)
    const channel = liar.connect(addressOf(b))
    await company.clock.advance(100)
    ;(await channel).post({ type: 'PureMessage', message: 'I am a', sourceOriginIdentifier: 'a' } as never)
    await company.clock.advance(10_000)
    expect(older?.closed).to.equal(false)
    expect((await channel).closed).to.equal(true)
    expect([...b.channels]).to.deep.equal([older])
  })
})
