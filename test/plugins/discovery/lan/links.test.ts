// Where a node announces itself and listens, by what the machine has and what the config says.
import { expect } from 'chai'
import { broadcastOf, type NetworkInterface } from '../../../../core/interfaces.ts'
import {
  chooseLinks,
  isLoopback,
  isOnLink,
  sourceOn,
  type Link,
  type Wanted,
} from '../../../../plugins/discovery/shared/links.ts'
import { hostToDial, reachedAt } from '../../../../plugins/discovery/lan/reach.ts'
import { receiveAddresses, sendAddresses, type Method } from '../../../../plugins/discovery/lan/sockets.ts'

const v4 = (address: string, netmask: string, internal = false) =>
  ({ address, netmask, family: 'IPv4', broadcast: broadcastOf(address, netmask), internal }) as const
const v6 = (address: string, netmask: string, scope?: number) =>
  ({ address, netmask, family: 'IPv6', internal: address === '::1', ...(scope !== undefined && { scope }) }) as const
const prefix64 = 'ffff:ffff:ffff:ffff::'
const prefix128 = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'

const machine: NetworkInterface[] = [
  {
    name: 'lo',
    mac: '00:00:00:00:00:00',
    addresses: [v4('127.0.0.1', '255.0.0.0', true), v6('::1', prefix128)],
  },
  {
    name: 'eth0',
    mac: '02:00:00:00:00:01',
    addresses: [v4('192.168.1.7', '255.255.255.0'), v6('fe80::1', prefix64, 2), v6('fd77::1', prefix64)],
  },
  { name: 'eth1', mac: '02:00:00:00:00:02', addresses: [v4('10.1.2.3', '255.255.0.0')] },
  {
    name: 'tun0',
    mac: '00:00:00:00:00:00',
    addresses: [v4('10.8.0.2', '255.255.255.255'), v4('10.8.1.2', '255.255.255.254')],
  },
  { name: 'six0', mac: '02:00:00:00:00:03', addresses: [v6('fe80::6', prefix64, 5)] },
]
const all = chooseLinks(machine, 'all')
const link = (address: string): Link => all.find((candidate) => candidate.address === address)!

describe('the links of a machine', () => {
  const choices: [Wanted, string[]][] = [
    ['loopback', ['127.0.0.1']],
    ['all', ['127.0.0.1', '192.168.1.7', 'fe80::1', '10.1.2.3', 'fe80::6']],
    [['eth1'], ['10.1.2.3']],
    [
      ['eth1', 'lo'],
      ['127.0.0.1', '10.1.2.3'],
    ],
    [['wlan7'], []],
    [['tun0'], []],
    [['six0'], ['fe80::6']],
  ]
  for (const [wanted, addresses] of choices)
    it(`${JSON.stringify(wanted)} are those of ${addresses.join(', ') || 'nothing'}`, () => {
      expect(chooseLinks(machine, wanted).map(({ address }) => address)).to.deep.equal(addresses)
    })

  const members: [address: string, link: string, isOn: boolean][] = [
    ['10.1.200.4', '10.1.2.3', true],
    ['10.2.0.1', '10.1.2.3', false],
    ['192.168.1.255', '192.168.1.7', true],
    ['fe80::9', '192.168.1.7', false],
    ['fe80::9%eth0', '192.168.1.7', false],
    ['fe80::9%eth0', 'fe80::1', true],
    ['fe80::9%2', 'fe80::1', true],
    ['FE80::9%eth0', 'fe80::1', true],
    ['fe80::9%six0', 'fe80::1', false],
    ['fe80::9', 'fe80::1', false],
    ['fd77::9%eth0', 'fe80::1', false],
    ['192.168.1.9', 'fe80::1', false],
    ['::1', '127.0.0.1', false],
  ]
  for (const [address, on, isOn] of members)
    it(`that of ${on} ${isOn ? 'holds' : 'does not hold'} ${address}`, () => {
      expect(isOnLink(address, link(on))).to.equal(isOn)
    })

  it('know a loopback host by its name and address', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].every(isLoopback)).to.equal(true)
    expect(['0.0.0.0', '192.168.1.7', '::', 'example.org', '127.example.org'].some(isLoopback)).to.equal(false)
  })
})

describe('the address that an announcement is sent from, and the one that is dialled', () => {
  const cases: [host: string, link: string, source: string, reached: string | undefined][] = [
    ['127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.1'],
    ['127.0.0.9', '127.0.0.1', '127.0.0.9', '127.0.0.9'],
    ['localhost', '127.0.0.1', '127.0.0.1', '127.0.0.1'],
    ['localhost', '192.168.1.7', '192.168.1.7', undefined],
    ['::1', '127.0.0.1', '127.0.0.1', '::1'],
    ['0.0.0.0', '192.168.1.7', '192.168.1.7', '192.168.1.7'],
    ['0.0.0.0', 'fe80::1', 'fe80::1%eth0', '192.168.1.7'],
    ['0.0.0.0', 'fe80::6', 'fe80::6%six0', undefined],
    ['::', '10.1.2.3', '10.1.2.3', '10.1.2.3'],
    ['::', 'fe80::1', 'fe80::1%eth0', 'fe80::1%eth0'],
    ['::', 'fe80::6', 'fe80::6%six0', 'fe80::6%six0'],
    ['192.168.1.7', '192.168.1.7', '192.168.1.7', '192.168.1.7'],
    ['192.168.1.7', 'fe80::1', 'fe80::1%eth0', '192.168.1.7'],
    ['192.168.1.7', 'fe80::6', 'fe80::6%six0', undefined],
    ['192.168.1.7', '10.1.2.3', '10.1.2.3', undefined],
    ['192.168.1.7', '127.0.0.1', '127.0.0.1', undefined],
    ['127.0.0.1', '192.168.1.7', '192.168.1.7', undefined],
    ['127.0.0.1', 'fe80::1', 'fe80::1%eth0', undefined],
    ['fd77::1', 'fe80::1', 'fe80::1%eth0', 'fd77::1'],
    ['fd77::1', '192.168.1.7', '192.168.1.7', 'fd77::1'],
    ['fe80::1%eth0', 'fe80::1', 'fe80::1%eth0', 'fe80::1%eth0'],
  ]
  for (const [host, on, source, reached] of cases)
    it(`of a node that listens on ${host} are ${source} and ${reached ?? 'none'} on the link of ${on}`, () => {
      expect(sourceOn(link(on), host, 'linux')).to.equal(source)
      expect(reachedAt(host, source, link(on))).to.equal(reached)
    })

  it('has the number of the interface for a zone on Windows', () => {
    expect(sourceOn(link('fe80::1'), '::', 'win32')).to.equal('fe80::1%2')
  })
})

describe('an address that an announcement claims', () => {
  const cases: [claim: string | undefined, source: string, host: string][] = [
    [undefined, '192.168.1.9', '192.168.1.9'],
    ['192.168.1.10', '192.168.1.9', '192.168.1.9'],
    ['192.168.1.9', 'fe80::9%eth0', '192.168.1.9'],
    ['10.1.2.9', 'fe80::9%eth0', 'fe80::9%eth0'],
    ['8.8.8.8', 'fe80::9%eth0', 'fe80::9%eth0'],
    ['127.0.0.1', 'fe80::9%eth0', 'fe80::9%eth0'],
    ['fd77::9', 'fe80::9%eth0', 'fd77::9'],
    ['fd78::9', 'fe80::9%eth0', 'fe80::9%eth0'],
    ['fd77::9', '192.168.1.9', 'fd77::9'],
    ['fd77::9', '10.1.2.9', '10.1.2.9'],
    ['::1', '127.0.0.1', '::1'],
    ['::1', '192.168.1.9', '192.168.1.9'],
    ['::ffff:192.168.1.9', 'fe80::9%eth0', 'fe80::9%eth0'],
    ['fe80::8', 'fe80::9%eth0', 'fe80::9%eth0'],
    ['fe80::8%eth0', 'fe80::9%eth0', 'fe80::9%eth0'],
    ['192.168.1.9', 'fe80::9%six0', 'fe80::9%six0'],
    ['example.org', 'fe80::9%eth0', 'fe80::9%eth0'],
    ['', 'fe80::9%eth0', 'fe80::9%eth0'],
  ]
  for (const [claim, source, host] of cases)
    it(`${claim ?? 'of none'} is ${host === source ? 'not ' : ''}believed, from ${source}`, () => {
      expect(hostToDial(claim, source, all)).to.equal(host)
    })
})

const ways = (methods: readonly Method[], platform: NodeJS.Platform = 'linux') => ({
  methods,
  group: { ipv4: '239.255.1.2', ipv6: 'ff12::9' },
  platform,
})
const both: readonly Method[] = ['broadcast', 'multicast']

describe('the addresses that are listened on', () => {
  const cases: [Method[], NodeJS.Platform, 'loopback' | undefined, string[]][] = [
    [['broadcast', 'multicast'], 'linux', undefined, ['0.0.0.0']],
    [['broadcast'], 'linux', undefined, ['0.0.0.0']],
    [['multicast'], 'linux', undefined, ['239.255.1.2']],
    [['broadcast', 'multicast'], 'linux', 'loopback', ['127.255.255.255', '239.255.1.2']],
    [['broadcast'], 'linux', 'loopback', ['127.255.255.255']],
    [['multicast'], 'linux', 'loopback', ['239.255.1.2']],
    [['broadcast', 'multicast'], 'darwin', 'loopback', ['0.0.0.0']],
    [['multicast'], 'win32', undefined, ['0.0.0.0']],
  ]
  for (const [methods, platform, only, addresses] of cases)
    it(`for ${methods.join(' and ')} on ${platform}, ${only ?? 'all'}: ${addresses.join(' and ')}`, () => {
      expect(receiveAddresses(ways(methods, platform), only)).to.deep.equal(addresses)
    })
})

describe('the addresses that are announced to', () => {
  const cases: [string, readonly Method[], NodeJS.Platform, string[]][] = [
    ['127.0.0.1', both, 'linux', ['127.255.255.255', '239.255.1.2']],
    ['192.168.1.7', both, 'linux', ['192.168.1.255', '239.255.1.2']],
    ['192.168.1.7', ['broadcast'], 'linux', ['192.168.1.255']],
    ['192.168.1.7', ['multicast'], 'linux', ['239.255.1.2']],
    ['fe80::1', both, 'linux', ['ff12::9%eth0']],
    ['fe80::1', ['broadcast'], 'linux', []],
    ['fe80::1', ['multicast'], 'win32', ['ff12::9%2']],
    // Broadcast on loopback is not proved there, so a unicast goes along.
    ['127.0.0.1', ['broadcast'], 'win32', ['127.255.255.255', '127.0.0.1']],
    ['192.168.1.7', ['broadcast'], 'win32', ['192.168.1.255']],
  ]
  for (const [on, methods, platform, addresses] of cases)
    it(`on the link of ${on}, by ${methods.join(' and ')} on ${platform}: ${addresses.join(' and ') || 'none'}`, () => {
      expect(sendAddresses(link(on), ways(methods, platform))).to.deep.equal(addresses)
    })
})
