import { expect } from 'chai'
import { Bans } from '../../../core/trust/bans.ts'
import { addressGroup, plainAddress } from '../../../core/peers/address-group.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

function open(banScore = 10, banMs = 60_000) {
  const clock = new VirtualClock()
  const banned: string[] = []
  const bans = new Bans({ clock, banScore, banMs, banned: (address) => banned.push(address) })
  return { clock, bans, banned }
}

describe('bans', () => {
  it('come at the score, are told once, and end by themselves', async () => {
    const { clock, bans, banned } = open()
    for (let i = 0; i < 4; i++) bans.offence('10.0.0.1', 'E_FRAME_INVALID')
    expect(bans.isBanned('10.0.0.1')).to.equal(false)
    for (let i = 0; i < 9; i++) bans.offence('10.0.0.1', 'E_ORIGIN')
    expect(bans.isBanned('10.0.0.1')).to.equal(true)
    expect(bans.isBanned('10.0.0.2')).to.equal(false)
    expect(banned).to.deep.equal(['10.0.0.1'])
    await clock.advance(59_999)
    expect(bans.isBanned('10.0.0.1')).to.equal(true)
    await clock.advance(1)
    expect(bans.isBanned('10.0.0.1')).to.equal(false)
    bans.offence('10.0.0.1', 'E_FRAME_INVALID')
    expect(bans.isBanned('10.0.0.1')).to.equal(false)
  })

  it('do not come of what happens now and then', async () => {
    const { clock, bans, banned } = open(100, 600_000)
    for (let i = 0; i < 1000; i++) {
      bans.offence('10.0.0.1', 'E_HANDSHAKE')
      await clock.advance(30_000)
    }
    expect(banned).to.deep.equal([])
  })

  it('do not come of what honest peers do', () => {
    const { bans, banned } = open()
    for (const code of [
      'E_LIMIT',
      'E_NOT_ALLOWED',
      'E_DUPLICATE',
      'E_IDLE',
      'E_SLOW_PEER',
      'E_PACKET_UNKNOWN',
      '__proto__',
      'constructor',
    ])
      for (let i = 0; i < 100; i++) bans.offence('10.0.0.1', code)
    expect(banned).to.deep.equal([])
  })

  it('hold for a whole household of IPv6, and for both notations of IPv4', () => {
    const { bans } = open(2)
    bans.offence('2001:db8:1:2:3::1', 'E_FRAME_INVALID')
    expect(bans.isBanned('2001:db8:1:ff:9::2')).to.equal(true)
    expect(bans.isBanned('2001:db8:1:100::1')).to.equal(false)
    bans.offence('::ffff:10.0.0.1', 'E_FRAME_INVALID')
    expect(bans.isBanned('10.0.0.1')).to.equal(true)
  })

  it('never come when the score is unlimited', () => {
    const { bans, banned } = open(Infinity)
    for (let i = 0; i < 1000; i++) bans.offence('10.0.0.1', 'E_ORIGIN')
    expect(banned).to.deep.equal([])
  })

  it('remember a bounded number of addresses', () => {
    const { bans } = open(2)
    for (let i = 0; i < 10_000; i++) bans.offence(`10.0.${String(i >> 8)}.${String(i & 255)}`, 'E_FRAME_INVALID')
    expect(bans.isBanned('10.0.0.0')).to.equal(false)
    expect(bans.isBanned('10.0.39.15')).to.equal(true)
  })
})

describe('an address', () => {
  const notations: [string, string, string][] = [
    ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
    ['::ffff:127.0.0.1', '127.0.0.1', '127.0.0.1'],
    ['::FFFF:127.0.0.1', '127.0.0.1', '127.0.0.1'],
    ['::ffff:7f00:1', '127.0.0.1', '127.0.0.1'],
    ['0:0:0:0:0:0:0:1', '::1', '0:0:0:0/56'],
    ['FE80::1%eth0', 'fe80::1', 'fe80::1'],
    ['2001:db8:1:2ff:3::1', '2001:db8:1:2ff:3::1', '2001:db8:1:200/56'],
    ['somewhere.example', 'somewhere.example', 'somewhere.example'],
    ['unknown', 'unknown', 'unknown'],
  ]
  for (const [given, plain, group] of notations)
    it(`has one notation and one group: ${given}`, () => {
      expect(plainAddress(given)).to.equal(plain)
      expect(addressGroup(given)).to.equal(group)
    })
})
