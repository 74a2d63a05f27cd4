import { expect } from 'chai'
import { canKnow, scopeOf } from '../../../core/peers/address-scope.ts'
import { Hearsay } from '../../../core/peers/hearsay.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

describe('the scope of an address', () => {
  for (const [scope, ...addresses] of [
    [
      'nobody',
      '0.0.0.0',
      '0.1.2.3',
      '224.0.0.1',
      '239.1.2.3',
      '240.0.0.1',
      '255.255.255.255',
      '::',
      'ff02::1',
      '192.0.2.1',
      '2001:db8::1',
      '::ffff:0.0.0.0',
    ],
    ['machine', '127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '0:0:0:0:0:0:0:1'],
    [
      'site',
      '10.0.0.1',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '169.254.1.1',
      '100.64.0.1',
      'fe80::1',
      'fe80::1%eth0',
      'fd00::1',
      '::ffff:10.1.1.1',
    ],
    ['everybody', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '223.255.255.255'],
    [undefined, 'localhost', 'example.org', '2130706433', '0x7f.1', '127.1'],
  ] as const)
    for (const address of addresses)
      it(`of ${address} is ${scope ?? 'unknown'}`, () => {
        expect(scopeOf(address)).to.equal(scope)
      })
})

describe('what a node says about others', () => {
  const outside = '8.8.8.8'
  for (const [from, address, can] of [
    ['127.0.0.1', '127.0.0.1', true],
    ['::1', '127.0.0.9', true],
    ['127.0.0.1', '10.0.0.1', true],
    ['127.0.0.1', outside, true],
    ['10.0.0.1', '127.0.0.1', false],
    ['10.0.0.1', '192.168.0.1', true],
    ['10.0.0.1', outside, true],
    ['fe80::1', '10.0.0.1', true],
    [outside, '127.0.0.1', false],
    [outside, '10.0.0.1', false],
    [outside, 'fe80::1', false],
    [outside, '1.1.1.1', true],
    ['127.0.0.1', '0.0.0.0', false],
    ['127.0.0.1', '224.0.0.1', false],
    ['127.0.0.1', 'localhost', false],
    ['127.0.0.1', '2130706433', false],
  ] as const)
    it(`from ${from} of ${address} is ${can ? '' : 'not '}believed`, () => {
      expect(canKnow(from, address)).to.equal(can)
      const objection = new Hearsay(new VirtualClock()).objection(
        { host: address, port: 1, via: 'share:a', from },
        () => true,
      )
      expect(objection?.code).to.equal(can ? undefined : 'E_ADDRESS')
    })

  it('is taken of sixteen new peers a minute from one, and of 256 from all', async () => {
    const clock = new VirtualClock()
    const hearsay = new Hearsay(clock)
    const taken = (via: string, count: number, isNew = true) =>
      Array.from({ length: count }, (_, i) =>
        hearsay.objection({ host: '1.1.1.1', port: i + 1, via }, () => isNew),
      ).filter((objection) => objection === undefined).length
    expect(taken('share:a', 1000)).to.equal(16)
    expect(taken('share:a', 1000, false), 'what is known already').to.equal(1000)
    let all = 16
    for (let i = 0; i < 100; i++) all += taken(`share:${String(i)}`, 100)
    expect(all).to.equal(256)
    await clock.advance(59_999)
    expect(taken('share:a', 1)).to.equal(0)
    await clock.advance(1)
    expect(taken('share:a', 1000)).to.equal(16)
    expect(taken('discovery-lan', 1000), 'who is heard directly').to.equal(1000)
  })
})
