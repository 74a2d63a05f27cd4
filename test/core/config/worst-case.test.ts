import { expect } from 'chai'
import { compose } from '../../../core/config/compose.ts'
import { banBytes, decisionBytes, peerBytes, worstCase } from '../../../core/config/worst-case.ts'
import { KnownPeers } from '../../../core/peers/known-peers.ts'
import { Bans, offenders } from '../../../core/trust/bans.ts'
import { Ledger, decisions } from '../../../core/trust/ledger.ts'
import type { Config } from 'p2pnet'
import { held } from '../../support/heap.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const clock = new VirtualClock()
const many = (count: number, act: (i: number) => void) => {
  for (let i = 0; i < count; i++) act(i)
}
/** A string of its own, not a rope of parts. */
const own = (text: string) => Buffer.from(text).toString()

describe('the worst case in memory', () => {
  const bytesOf = async (limits: NonNullable<Config['limits']>) =>
    worstCase((await compose({ extends: ['p2pnet:minimal'], limits }, {})).settings).worstCaseBytes

  const base = {
    maxConnections: 10,
    maxInbound: 10,
    maxOutbound: 10,
    pendingHandshakes: 4,
    knownPeers: 100,
    frameBytes: 65_536,
    frameBytesBeforeTrust: 2048,
    outQueueBytes: 65_536,
    windowBytes: 65_536,
  } satisfies Config['limits']

  const grows: { limits: NonNullable<Config['limits']>; by: number }[] = [
    { limits: { maxConnections: 11 }, by: 2 * 65_536 + 2 * 65_536 + 131_072 },
    { limits: { outQueueBytes: 65_537 }, by: 10 },
    { limits: { windowBytes: 65_537 }, by: 10 },
    { limits: { frameBytes: 65_537 }, by: 20 },
    { limits: { frameBytesBeforeTrust: 2049 }, by: 8 },
    { limits: { pendingHandshakes: 5 }, by: 131_072 + 2 * 2048 },
    { limits: { knownPeers: 101 }, by: peerBytes },
    // Bounded by what else is.
    { limits: { pendingHandshakes: 'unlimited' }, by: 6 * (131_072 + 2 * 2048) },
    { limits: { maxConnections: 'unlimited' }, by: 10 * (4 * 65_536 + 131_072) },
    { limits: { maxOutbound: 'unlimited' }, by: 0 },
  ]
  for (const { limits, by } of grows)
    it(`grows by ${String(by)} with ${JSON.stringify(limits)}`, async () => {
      expect(((await bytesOf({ ...base, ...limits })) as number) - ((await bytesOf(base)) as number)).to.equal(by)
    })

  for (const limits of [
    { maxConnections: 'unlimited', maxInbound: 'unlimited' },
    { knownPeers: 'unlimited' },
  ] satisfies Config['limits'][])
    it(`is unlimited with ${JSON.stringify(limits)}`, async () => {
      expect(await bytesOf({ ...base, ...limits })).to.equal('unlimited')
    })

  it('counts enough for a peer that is known at as many addresses as are remembered', () => {
    const peers = new KnownPeers({
      clock,
      capacity: 2000,
      defaultScheme: () => 'tcp',
      ownIdentifier: () => '',
      isConnected: () => false,
      isOwnAddress: () => false,
      changed: () => undefined,
    })
    const before = held()
    many(2000, (i) => {
      const identifier = own(String(i).padStart(256, 'ä'))
      many(8, (j) => {
        const host = own(`${String(i)}-${String(j)}`.padEnd(253, 'x'))
        peers.add({ identifier, host, port: j + 1, scheme: own('tcp'), via: 'x' })
      })
    })
    expect((held() - before) / peers.size).to.be.below(peerBytes)
  })

  it('counts enough for a decision, and for an address that has misbehaved', () => {
    const ledger = new Ledger(clock)
    let before = held()
    many(decisions, (i) => {
      const reason = own(`a reason in words, number ${i} `.padEnd(200, '.'))
      ledger.write({ plugin: 'kernel', hook: 'wire', code: 'E_FRAME_INVALID', reason, peer: own(`x${i}`.padEnd(128)) })
    })
    expect((held() - before) / ledger.read().length).to.be.below(decisionBytes)
    const bans = new Bans({ clock, banScore: 2, banMs: 1000, banned: () => undefined })
    before = held()
    many(offenders, (i) => {
      bans.offence(`2001:db8:${(i % 4096).toString(16)}:ff00::1`, 'E_FRAME_INVALID')
    })
    expect((held() - before) / offenders).to.be.below(banBytes)
    expect(bans.isBanned('2001:db8:1:ff00::2')).to.equal(true)
  })
})
