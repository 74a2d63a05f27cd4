import { expect } from 'chai'
import { KnownPeers } from '../../../core/peers/known-peers.ts'
import type { Candidate } from '../../../core/peers/peer.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const minute = 60_000
const day = 24 * 60 * minute

describe('the table of known peers', () => {
  let clock: VirtualClock
  let connected: Set<string>
  let known: KnownPeers
  let changes: number
  const open = (capacity: number) => {
    clock = new VirtualClock()
    connected = new Set()
    changes = 0
    known = new KnownPeers({
      clock,
      capacity,
      defaultScheme: () => 'tcp',
      ownIdentifier: () => 'me',
      isOwnAddress: ({ host, port }) => host === '10.0.0.1' && port === 4000,
      isConnected: (identifier) => connected.has(identifier),
      changed: () => changes++,
    })
  }
  beforeEach(() => {
    open(100)
  })

  const at = (host: string, port = 1): Omit<Candidate, 'via'> => ({ host, port })
  const names = () => [...known].map(({ identifier, addresses }) => identifier ?? addresses[0]?.host)
  const placesOf = (identifier: string) => known.get(identifier)?.addresses.map(({ host }) => host)

  it('says of each address who told of it and when', () => {
    known.add({ ...at('10.0.0.2'), identifier: 'a', via: 'discovery-lan' })
    const first = clock.now()
    expect([...known]).to.deep.equal([
      {
        identifier: 'a',
        addresses: [{ host: '10.0.0.2', port: 1, scheme: 'tcp', via: 'discovery-lan', lastSeen: first }],
        via: 'discovery-lan',
        lastSeen: first,
      },
    ])
  })

  for (const [what, candidate] of [
    ['its own name', { ...at('10.0.0.9'), identifier: 'me' }],
    ['its own address', at('10.0.0.1', 4000)],
  ] as const)
    it(`does not list the node itself by ${what}`, () => {
      expect(known.add({ ...candidate, via: 'test' })).to.equal(undefined)
      expect(names()).to.deep.equal([])
    })

  it('lists who is connected, also one that has not said where it listens, for as long as it is', () => {
    connected.add('a')
    known.met('a')
    expect(known.get('a')?.addresses).to.deep.equal([])
    connected.delete('a')
    expect(names()).to.deep.equal([])
  })

  it('tells several nodes behind one address apart, by port and by identifier', () => {
    for (const port of [1, 2, 3]) known.add({ ...at('10.0.0.2', port), identifier: `p${String(port)}`, via: 'test' })
    for (const port of [8, 9]) known.add({ ...at('10.0.0.2', port), via: 'test' })
    expect(known.size).to.equal(5)
  })

  it('knows one of whom only the address was heard as the one that says its name there', () => {
    known.add({ ...at('10.0.0.2'), via: 'test' })
    known.add({ ...at('10.0.0.2'), identifier: 'a', via: 'test' })
    known.add({ ...at('10.0.0.2'), via: 'test' })
    expect(names()).to.deep.equal(['a'])
  })

  it('puts what a peer says itself first, then the newest, and what lists say last', () => {
    known.add({ ...at('10.0.0.3'), identifier: 'a', via: 'share:b' })
    known.add({ ...at('10.0.0.4'), identifier: 'a', via: 'channel' })
    known.add({ ...at('10.0.0.5'), identifier: 'a', via: 'discovery-lan' })
    for (let i = 10; i < 40; i++) known.add({ ...at(`10.0.0.${String(i)}`), identifier: 'a', via: 'share:b' })
    expect(placesOf('a')?.slice(0, 3)).to.deep.equal(['10.0.0.4', '10.0.0.5', '10.0.0.39'])
    expect(placesOf('a')).to.have.lengthOf(8)
    known.add({ ...at('10.0.0.4'), identifier: 'a', via: 'share:b' })
    expect(known.get('a')?.addresses[0]).to.include({ host: '10.0.0.4', via: 'channel' })
  })

  for (const [via, ms] of [
    ['discovery-lan', 10 * minute],
    ['share:b', 60 * minute],
    ['channel', 10 * minute],
    ['manual', 30 * day],
  ] as const)
    it(`forgets what ${via} says after ${String(ms / minute)} minutes, unless it says so again`, async () => {
      known.add({ ...at('10.0.0.2'), identifier: 'a', via })
      await clock.advance(ms - 1)
      expect(names()).to.deep.equal(['a'])
      known.add({ ...at('10.0.0.2'), identifier: 'a', via })
      await clock.advance(ms - 1)
      expect(names()).to.deep.equal(['a'])
      await clock.advance(1)
      expect(names()).to.deep.equal([])
      expect(clock.pending, 'no timers').to.equal(0)
    })

  it('keeps who was trusted for 30 days', async () => {
    known.add({ ...at('10.0.0.2'), identifier: 'a', via: 'channel' })
    known.prove('a')
    await clock.advance(30 * day - 1)
    expect(known.proved()).to.deep.equal([
      {
        identifier: 'a',
        lastSeen: clock.now() - 30 * day + 1,
        addresses: [{ host: '10.0.0.2', port: 1, scheme: 'tcp' }],
      },
    ])
    await clock.advance(1)
    expect([names(), known.proved()]).to.deep.equal([[], []])
  })

  it('counts among what is worth keeping no place that others tell of', () => {
    known.add({ ...at('10.0.0.3'), identifier: 'a', via: 'discovery-lan' })
    known.add({ ...at('10.0.0.4'), identifier: 'a', via: 'share:b' })
    known.prove('a')
    expect(known.proved()).to.deep.equal([])
    expect(changes).to.equal(1)
    known.add({ ...at('10.0.0.3'), identifier: 'a', via: 'channel' })
    expect(known.proved()[0]?.addresses.map(({ host }) => host)).to.deep.equal(['10.0.0.3'])
    expect(changes).to.equal(2)
  })

  describe('that is full', () => {
    const flood = (via: string, count: number, network: number) => {
      for (let i = 0; i < count; i++)
        known.add({ ...at(`10.${String(network)}.${String(i >> 8)}.${String(i & 255)}`), via })
    }

    it('forgets lists first, of the longest the oldest, then hearsay, then who was trusted, and nobody who is connected', () => {
      open(8)
      connected.add('here')
      known.met('here')
      known.add({ ...at('10.0.1.1'), identifier: 'trusted', via: 'channel' })
      known.prove('trusted')
      flood('discovery-lan', 2, 1)
      flood('share:a', 1, 2)
      flood('discovery-lan', 6, 3)
      expect(names()).to.include.members(['here', 'trusted']).and.not.include('10.2.0.0')
      for (let i = 0; i < 8; i++) {
        const name = `new${String(i)}`
        connected.add(name)
        known.add({ ...at('10.0.2.1', i + 1), identifier: name, via: 'channel' })
        known.prove(name)
        connected.delete(name)
      }
      expect(names()).to.include('here').and.not.include('trusted')
      expect(known.size).to.equal(8)
    })

    it('keeps every neighbour that it heard itself, and as much of an honest list as of any other, when 99 of a hundred lists are bad', () => {
      open(1000)
      const honest = Array.from({ length: 100 }, (_, i) => `10.9.0.${String(i)}`)
      for (const host of honest.slice(0, 90)) known.add({ ...at(host), identifier: host, via: 'discovery-lan' })
      for (const host of honest.slice(90)) known.add({ ...at(host), identifier: host, via: 'share:honest' })
      for (let liar = 0; liar < 99; liar++) flood(`share:liar${String(liar)}`, 1000, 100 + liar)
      expect(names()).to.include.members(honest.slice(0, 90))
      expect(honest.slice(90).filter((host) => known.get(host) !== undefined)).to.have.lengthOf.at.least(5)
      expect(known.size).to.be.at.most(1000)
    })

    it('gives one list a sixteenth, and all lists together half', () => {
      open(1600)
      flood('share:a', 5000, 1)
      expect(known.size).to.equal(100)
      for (let i = 0; i < 40; i++) flood(`share:${String(i)}`, 200, 10 + i)
      expect(known.size).to.equal(800)
    })
  })
})
