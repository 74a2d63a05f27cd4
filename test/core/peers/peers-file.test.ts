import { expect } from 'chai'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import type { PeerNetwork } from 'p2pnet'
import { PeersFile } from '../../../core/peers/peers-file.ts'
import type { ProvedPeer } from '../../../core/peers/known-peers.ts'
import { recordingLogger } from '../../support/fake-context.ts'
import { Scratch } from '../../support/scratch.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { until } from '../../support/until.ts'
import { addressOf, Company } from './company.ts'

describe('known peers', () => {
  let company: Company
  beforeEach(async () => {
    company = await Company.gather()
  })
  afterEach(() => company.leave())

  const places = (node: PeerNetwork) =>
    [...node.knownPeers].map(({ identifier, addresses }) => [
      identifier,
      addresses.map(({ host, proved }) => [host, proved]),
    ])

  it('that were trusted outlive the node, and are dialled when it is back; hearsay is forgotten', async () => {
    const [a, b] = [await company.join('a', '10.0.0.1'), await company.join('b', '10.0.0.2', [])]
    await company.introduce(a, b)
    a.knownPeers.add({ host: '10.0.0.3', port: 1, identifier: 'c', via: 'share:b' })
    const at = addressOf(b)
    await company.stop(a)
    const stored = JSON.parse(await readFile(company.file('a', 'peers.json'), 'utf8')) as { peers: ProvedPeer[] }
    expect(stored.peers.map(({ identifier, addresses }) => ({ identifier, addresses }))).to.deep.equal([
      { identifier: 'b', addresses: [{ host: at.host, port: at.port, scheme: 'memory' }] },
    ])
    const again = await company.join('a', '10.0.0.1')
    expect(places(again)).to.deep.equal([['b', [['10.0.0.2', true]]]])
    await company.clock.advance(1000)
    expect(again.trustedChannels.map(({ peer }) => peer.identifier)).to.deep.equal(['b'])
  })

  it('of the side that was dialled are kept by the port that the peer says it listens at', async () => {
    const [a, b] = [await company.join('a', '10.0.0.1'), await company.join('b', '10.0.0.2', [])]
    await company.introduce(a, b)
    await company.stop(b)
    expect(places(await company.join('b', '10.0.0.2', []))).to.deep.equal([['a', [['10.0.0.1', true]]]])
  })

  it('are written within five seconds, so that a crash costs no more than that', async () => {
    const [a, b] = [await company.join('a', '10.0.0.1'), await company.join('b', '10.0.0.2', [])]
    await company.introduce(a, b)
    await company.clock.advance(5000)
    let names: string[] = []
    await until('the file is there', () => {
      void readdir(company.file('a', '.')).then((found) => (names = found))
      return names.includes('peers.json')
    })
    expect((await stat(company.file('a', 'peers.json'))).mode & 0o777).to.equal(0o600)
  })
})

describe('the file of known peers', () => {
  const open = async (text: string | undefined) => {
    const scratch = await Scratch.make(text === undefined ? {} : { 'peers.json': text })
    const { logger, lines } = recordingLogger()
    const clock = new VirtualClock()
    let proved: ProvedPeer[] = []
    const file = new PeersFile({ clock, log: logger, dataDir: scratch.path, proved: () => proved })
    return { scratch, file, lines, clock, keep: (peers: ProvedPeer[]) => (proved = peers) }
  }
  const peer = (fields: object) =>
    JSON.stringify({ version: 1, peers: [{ identifier: 'a', lastSeen: 1, addresses: [], ...fields }] })

  for (const [what, text] of [
    ['is empty', ''],
    ['is cut', '{"version":1,"peers":[{"iden'],
    ['is no object', 'null'],
    ['is of another version', '{"version":2,"peers":[]}'],
    ['has no list', '{"version":1,"peers":{"length":3}}'],
    ['has an entry that is none', '{"version":1,"peers":[null]}'],
    ['has a name that is none', peer({ identifier: 7 })],
    ['has a name without end', peer({ identifier: 'x'.repeat(257) })],
    ['has a port that is none', peer({ addresses: [{ host: 'h', port: 70_000, scheme: 'tcp' }] })],
    ['has a host that is none', peer({ addresses: [{ host: { toString: 1 }, port: 1, scheme: 'tcp' }] })],
    ['is longer than any that the node writes', ' '.repeat(1_048_577)],
  ] as const)
    it(`that ${what} is set aside with a line in the log, and the node begins anew`, async () => {
      const { scratch, file, lines, keep } = await open(text)
      expect(await file.load()).to.deep.equal([])
      expect(lines.map(({ level }) => level)).to.deep.equal(['warn'])
      expect(await readFile(scratch.at('peers.json.damaged'), 'utf8')).to.equal(text)
      keep([{ identifier: 'a', lastSeen: 1, addresses: [] }])
      file.note()
      await file.close()
      expect(await readFile(scratch.at('peers.json'), 'utf8')).to.include('"a"')
      await scratch.remove()
    })

  it('keeps the latest 512, and makes nobody younger than now', async () => {
    const { scratch, file, keep, clock } = await open(undefined)
    await file.load()
    keep(Array.from({ length: 600 }, (_, i) => ({ identifier: `p${String(i)}`, lastSeen: Infinity, addresses: [] })))
    keep(Array.from({ length: 600 }, (_, i) => ({ identifier: `p${String(i)}`, lastSeen: 9e15, addresses: [] })))
    file.note()
    await file.close()
    const kept = await file.load()
    expect(kept).to.have.lengthOf(512)
    expect(kept[511]).to.deep.equal({ identifier: 'p511', lastSeen: clock.now(), addresses: [] })
    await scratch.remove()
  })

  it('is not touched by a node that has not read it, nor written when nothing is new', async () => {
    const { scratch, file } = await open(undefined)
    file.note()
    await file.close()
    await file.load()
    await writeFile(scratch.at('peers.json'), 'mine')
    const other = new PeersFile({
      clock: new VirtualClock(),
      log: recordingLogger().logger,
      dataDir: scratch.path,
      proved: () => [],
    })
    await other.close()
    expect(await readFile(scratch.at('peers.json'), 'utf8')).to.equal('mine')
    await scratch.remove()
  })
})
