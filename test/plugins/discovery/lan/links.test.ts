// Where a node announces itself and listens, by what the machine has and what the config says.
import { expect } from 'chai'
import { broadcastOf, type NetworkInterface } from '../../../../core/interfaces.ts'
import {
  chooseLinks,
  isLoopback,
  isOnLink,
  isReachable,
  sourceOn,
  type Wanted,
} from '../../../../plugins/discovery/lan/links.ts'
import { receiveAddress, sendAddresses } from '../../../../plugins/discovery/lan/sockets.ts'

const v4 = (address: string, netmask: string, internal = false) =>
  ({ address, netmask, family: 'IPv4', broadcast: broadcastOf(address, netmask), internal }) as const

const machine: NetworkInterface[] = [
  { name: 'lo', mac: '00:00:00:00:00:00', addresses: [v4('127.0.0.1', '255.0.0.0', true)] },
  {
    name: 'eth0',
    mac: '02:00:00:00:00:01',
    addresses: [
      v4('192.168.1.7', '255.255.255.0'),
      { address: 'fe80::1', netmask: 'ffff:ffff:ffff:ffff::', family: 'IPv6', internal: false, scope: 2 },
    ],
  },
  { name: 'eth1', mac: '02:00:00:00:00:02', addresses: [v4('10.1.2.3', '255.255.0.0')] },
  {
    name: 'tun0',
    mac: '00:00:00:00:00:00',
    addresses: [v4('10.8.0.2', '255.255.255.255'), v4('10.8.1.2', '255.255.255.254')],
  },
]
const link = (address: string) => chooseLinks(machine, 'all').find((candidate) => candidate.address === address)!

describe('the links of a machine', () => {
  const choices: [Wanted, string[]][] = [
    ['loopback', ['127.255.255.255']],
    ['all', ['127.255.255.255', '192.168.1.255', '10.1.255.255']],
    [['eth1'], ['10.1.255.255']],
    [
      ['eth1', 'lo'],
      ['127.255.255.255', '10.1.255.255'],
    ],
    [['wlan7'], []],
    [['tun0'], []],
  ]
  for (const [wanted, broadcasts] of choices)
    it(`${JSON.stringify(wanted)} announces to ${broadcasts.join(', ') || 'nobody'}`, () => {
      expect(chooseLinks(machine, wanted).map(({ broadcast }) => broadcast)).to.deep.equal(broadcasts)
    })

  it('hold an address or do not', () => {
    expect(isOnLink('10.1.200.4', link('10.1.2.3'))).to.equal(true)
    expect(isOnLink('10.2.0.1', link('10.1.2.3'))).to.equal(false)
    expect(isOnLink('192.168.1.255', link('192.168.1.7'))).to.equal(true)
    expect(isOnLink('fe80::1', link('192.168.1.7'))).to.equal(false)
  })

  it('know a loopback host by its name and address', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].every(isLoopback)).to.equal(true)
    expect(['0.0.0.0', '192.168.1.7', '::', 'example.org', '127.example.org'].some(isLoopback)).to.equal(false)
  })
})

describe('the address that an announcement is sent from', () => {
  const cases: [host: string, link: string, source: string, reachable: boolean][] = [
    ['127.0.0.1', '127.0.0.1', '127.0.0.1', true],
    ['127.0.0.9', '127.0.0.1', '127.0.0.9', true],
    ['localhost', '127.0.0.1', '127.0.0.1', true],
    ['0.0.0.0', '192.168.1.7', '192.168.1.7', true],
    ['::', '10.1.2.3', '10.1.2.3', true],
    ['192.168.1.7', '192.168.1.7', '192.168.1.7', true],
    ['192.168.1.7', '10.1.2.3', '10.1.2.3', false],
    ['192.168.1.7', '127.0.0.1', '127.0.0.1', false],
    ['127.0.0.1', '192.168.1.7', '192.168.1.7', false],
  ]
  for (const [host, on, source, reachable] of cases)
    it(`of a node that listens on ${host} is ${source} on the link of ${on}, and ${reachable ? 'answers there' : 'nobody is told'}`, () => {
      expect(sourceOn(link(on), host)).to.equal(source)
      expect(isReachable(host, source, link(on))).to.equal(reachable)
    })
})

describe('the address that is listened on', () => {
  it('hears nothing but loopback on Linux, when nothing else is wanted', () => {
    expect(receiveAddress(chooseLinks(machine, 'loopback'), 'linux')).to.equal('127.255.255.255')
    expect(receiveAddress(chooseLinks(machine, 'all'), 'linux')).to.equal('0.0.0.0')
    expect(receiveAddress(chooseLinks(machine, 'loopback'), 'darwin')).to.equal('0.0.0.0')
  })

  it('is spoken to by unicast too where broadcast on loopback is not proved', () => {
    expect(sendAddresses(link('127.0.0.1'), 'linux')).to.deep.equal(['127.255.255.255'])
    expect(sendAddresses(link('127.0.0.1'), 'win32')).to.deep.equal(['127.255.255.255', '127.0.0.1'])
    expect(sendAddresses(link('192.168.1.7'), 'win32')).to.deep.equal(['192.168.1.255'])
  })
})
