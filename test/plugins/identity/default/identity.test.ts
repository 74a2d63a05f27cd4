// The seed's identifier.
import { createHash } from 'node:crypto'
import { expect } from 'chai'
import type { NetworkInterface } from '../../../../core/interfaces.ts'
import type { HostNetwork } from '../../../../core/host/host-network.ts'
import identityDefault from '../../../../plugins/identity/default/index.ts'
import { chosenAddress } from '../../../../plugins/identity/default/address.ts'
import { makeIdentifier } from '../../../../plugins/identity/default/identifier.ts'
import { defaultInterface, findMac, type MacSources } from '../../../../plugins/identity/default/mac.ts'
import { fakeContext, resolveOptions, type FakeSetup } from '../../../support/fake-context.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const lo: NetworkInterface = {
  name: 'lo',
  mac: '00:00:00:00:00:00',
  addresses: [
    { address: '127.0.0.1', netmask: '255.0.0.0', family: 'IPv4', broadcast: '127.255.255.255', internal: true },
  ],
}
const nic = (name: string, mac: string, ...addresses: string[]): NetworkInterface => ({
  name,
  mac,
  addresses: addresses.map((address) => ({
    address,
    netmask: '255.255.255.0',
    family: address.includes(':') ? 'IPv6' : 'IPv4',
    internal: false,
  })),
})
const eth0 = nic('eth0', '02:00:00:00:00:01', '192.168.1.7')
const eth1 = nic('eth1', '02:00:00:00:00:02', '10.0.0.7')

describe('the identifier of identity-default', () => {
  it('is MD5 of MAC and time, with the address, MD5 again', () => {
    const md5 = (text: string) => createHash('md5').update(text).digest('hex')
    const salt = Uint8Array.of(0xca, 0xfe)
    expect(makeIdentifier({ mac: '02:00:00:00:00:01', time: 1700, salt, address: '192.168.1.7' })).to.equal(
      md5(`${md5('02:00:00:00:00:011700cafe')}192.168.1.7`),
    )
    expect(makeIdentifier({ mac: 'a', time: 1, salt: new Uint8Array(), address: 'b' })).to.equal(
      '00e547ff32025dd252978cf533d62989',
    )
  })

  const identify = async (setup: FakeSetup): Promise<unknown> => {
    const { ctx, taps, provided, node } = fakeContext(setup)
    identityDefault.setup(ctx, resolveOptions(identityDefault))
    expect(taps.map(({ hook, style, stage }) => ({ hook, style, stage }))).to.deep.equal([
      { hook: 'trust.identifier', style: 'promise', stage: 0 },
    ])
    node.identifier = 'as the network has it'
    expect(provided.identity?.identifier).to.equal('as the network has it')
    return (taps[0]!.fn as (network: HostNetwork) => Promise<string>)(ctx.network)
  }

  for (const [machine, interfaces] of [
    ['with nothing but loopback', [lo]],
    ['with one interface', [lo, eth0]],
  ] as const)
    it(`differs between two nodes that start in one millisecond on a machine ${machine}`, async () => {
      const [a, b] = [
        await identify({ seed: 1, network: { interfaces } }),
        await identify({ seed: 2, network: { interfaces } }),
      ]
      expect(a).to.match(/^[0-9a-f]{32}$/)
      expect(b).to.match(/^[0-9a-f]{32}$/)
      expect(a).to.not.equal(b)
      expect(await identify({ seed: 1, network: { interfaces } })).to.equal(a)
    })
})

describe('the MAC address', () => {
  const sources = (
    interfaces: NetworkInterface[],
    more: Partial<MacSources> = {},
  ): MacSources & { clock: VirtualClock } => ({
    interfaces,
    random: seededRandom(1),
    log: fakeContext().ctx.log,
    macMs: 1500,
    defaultInterface: () => Promise.reject(new Error('must not be asked')),
    ...more,
    clock: new VirtualClock(),
  })

  it('is that of the only interface, and nobody is asked', async () => {
    expect(await findMac(sources([lo, eth0]))).to.equal(eth0.mac)
  })

  it('is that of the interface with the default route, where there are several', async () => {
    expect(await findMac(sources([lo, eth0, eth1], { defaultInterface: () => Promise.resolve('eth1') }))).to.equal(
      eth1.mac,
    )
  })

  const unknown: [string, Partial<MacSources>][] = [
    ['nobody knows that interface', { defaultInterface: () => Promise.resolve('wlan7') }],
    ['the question fails', { defaultInterface: () => Promise.reject(new Error('no such program')) }],
    ['the question is not to be asked', { macMs: 0 }],
  ]
  for (const [when, more] of unknown)
    it(`is that of the first interface, when ${when}`, async () => {
      expect(await findMac(sources([lo, eth0, eth1], more))).to.equal(eth0.mac)
    })

  it('is that of the first interface, when the answer does not come in time', async () => {
    const slow = sources([lo, eth0, eth1], { defaultInterface: () => new Promise(() => undefined) })
    const mac = findMac(slow)
    await slow.clock.advance(1500)
    expect(await mac).to.equal(eth0.mac)
  })

  it('is made up, locally administered and different each time, where there is none', async () => {
    const made = sources([lo, nic('tun0', '00:00:00:00:00:00', '10.8.0.1')])
    const [a, b] = [await findMac(made), await findMac(made)]
    expect(a).to.match(/^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/)
    expect(a).to.not.equal(b)
  })

  it('comes from an interface that systeminformation can name', async () => {
    expect(await defaultInterface()).to.be.a('string')
  })
})

describe('the address in the identifier', () => {
  const both = nic('eth2', '02:00:00:00:00:03', 'fe80::1', '192.168.2.7', '2001:db8::7')
  const cases: [string, Partial<HostNetwork>, string][] = [
    [
      'the public IPv6 address',
      { publicAddress: { ipv4: '203.0.113.7', ipv6: '2001:db8::1', source: 'x' } },
      '2001:db8::1',
    ],
    ['the public IPv4 address', { publicAddress: { ipv4: '203.0.113.7', source: 'x' } }, '203.0.113.7'],
    ['an IPv6 address of the machine that is not link-local', { interfaces: [lo, eth0, both] }, '2001:db8::7'],
    ['the first IPv4 address of the machine', { interfaces: [lo, eth0, eth1] }, '192.168.1.7'],
    ['where it listens', { listening: [{ scheme: 'tcp', host: '127.0.0.9', port: 1 }] }, '127.0.0.9'],
    ['loopback, when there is nothing else', {}, '127.0.0.1'],
  ]
  for (const [what, network, address] of cases)
    it(`is ${what}`, () => {
      expect(chosenAddress({ interfaces: [lo], listening: [], ...network } as unknown as HostNetwork)).to.equal(address)
    })
})
