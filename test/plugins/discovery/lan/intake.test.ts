// What an announcement says on the way out, and what becomes of it on the way in: links of either family, and no sockets.
import { expect } from 'chai'
import type { NetworkInterface } from '../../../../core/interfaces.ts'
import { composeAnnouncement, farewell, shortened, toDatagram } from '../../../../plugins/discovery/lan/announcement.ts'
import { defaultGroups, groupsOf } from '../../../../plugins/discovery/lan/groups.ts'
import { Intake } from '../../../../plugins/discovery/lan/intake.ts'
import { chooseLinks, sourceOn } from '../../../../plugins/discovery/shared/links.ts'
import discoveryLan from '../../../../plugins/discovery/lan/index.ts'
import type { Voice } from '../../../../plugins/discovery/lan/voices.ts'
import wireBinary from '../../../../plugins/wire/binary/index.ts'
import wireTagged from '../../../../plugins/wire/tagged/index.ts'
import { identifierSchema } from '../../../../schemas/generated/identifier.ts'
import { fakeContext, resolveOptions } from '../../../support/fake-context.ts'

const machine = (...addresses: NetworkInterface['addresses']): NetworkInterface[] => [
  { name: 'eth0', mac: '02:00:00:00:00:01', addresses },
]
const ipv4 = (address: string) =>
  ({ address, netmask: '255.255.255.0', family: 'IPv4', broadcast: '192.168.1.255', internal: false }) as const
const linkLocal = (address: string) =>
  ({ address, netmask: 'ffff:ffff:ffff:ffff::', family: 'IPv6', internal: false, scope: 2 }) as const

interface Host {
  readonly interfaces: NetworkInterface[]
  readonly listensOn: string
}

/** What the one says on its link of a family, and whom the other takes for a candidate then. */
async function told(from: Host, family: 'IPv4' | 'IPv6', to: NetworkInterface[], wire = wireBinary) {
  const speaker = fakeContext({ packetTypes: { Identifier: identifierSchema } })
  speaker.node.identifier = 'speaker'
  speaker.node.listening.push({ scheme: 'tcp', host: from.listensOn, port: 4001 })
  wire.setup(speaker.ctx, resolveOptions(wire))
  const link = chooseLinks(from.interfaces, 'all').find((one) => one.family === family)!
  const voice = { link, address: sourceOn(link, from.listensOn, 'linux'), port: 5000 } as Voice
  const packet = await composeAnnouncement(speaker.ctx, voice)

  const hearer = fakeContext({ packetTypes: { Identifier: identifierSchema } })
  wire.setup(hearer.ctx, resolveOptions(wire))
  const intake = new Intake({
    ctx: hearer.ctx,
    wire: hearer.ctx.use('wire'),
    links: () => chooseLinks(to, 'all'),
    perSource: { burst: 10, perSecond: 1 },
    isOwn: () => false,
  })
  const take = (said = packet) => {
    const bytes = said && toDatagram(speaker.ctx, speaker.ctx.use('wire'), said)
    return bytes && intake.take(bytes, { address: voice.address, port: voice.port }, 'everybody')
  }
  return { packet, voice, take, hosts: () => hearer.candidates.map(({ host }) => host) }
}

describe('an announcement', () => {
  const here = machine(ipv4('192.168.1.7'), linkLocal('fe80::7'))
  const onlySix = machine(linkLocal('fe80::7'))
  const there = machine(ipv4('192.168.1.9'), linkLocal('fe80::9'))
  const cases: [what: string, Host, 'IPv4' | 'IPv6', NetworkInterface[], host: string | undefined][] = [
    ['by IPv4 of 0.0.0.0', { interfaces: here, listensOn: '0.0.0.0' }, 'IPv4', there, '192.168.1.7'],
    ['by IPv6 of 0.0.0.0', { interfaces: here, listensOn: '0.0.0.0' }, 'IPv6', there, '192.168.1.7'],
    ['by IPv6 of ::', { interfaces: here, listensOn: '::' }, 'IPv6', there, 'fe80::7%eth0'],
    ['by IPv6 of :: on a LAN without IPv4', { interfaces: onlySix, listensOn: '::' }, 'IPv6', onlySix, 'fe80::7%eth0'],
    [
      'by IPv6 of 0.0.0.0 on a LAN without IPv4',
      { interfaces: onlySix, listensOn: '0.0.0.0' },
      'IPv6',
      onlySix,
      undefined,
    ],
    ['by IPv4 of another address', { interfaces: here, listensOn: '10.0.0.1' }, 'IPv4', there, undefined],
    // The hearer cannot tell whether it is near, and so believes what it sees.
    [
      'by IPv6 of an IPv4 address, to a host without',
      { interfaces: here, listensOn: '0.0.0.0' },
      'IPv6',
      onlySix,
      'fe80::7%eth0',
    ],
  ]
  for (const [what, from, family, to, host] of cases)
    it(`${what} leads to ${host ?? 'nobody, and is not made'}`, async () => {
      const { packet, take, hosts } = await told(from, family, to)
      expect(packet === undefined).to.equal(host === undefined)
      take()
      expect(hosts()).to.deep.equal(host === undefined ? [] : [host])
    })

  it('names no zone, and when it is shortened keeps an address that cannot be seen', async () => {
    const six = await told({ interfaces: here, listensOn: '::' }, 'IPv6', there)
    expect(six.packet).to.not.have.property('ip')
    const four = await told({ interfaces: here, listensOn: '0.0.0.0' }, 'IPv4', there)
    expect(shortened(four.packet!, four.voice)).to.not.have.any.keys('ip', 'message')
    const claimed = await told({ interfaces: here, listensOn: '0.0.0.0' }, 'IPv6', there)
    expect(shortened(claimed.packet!, claimed.voice)).to.have.property('ip', '192.168.1.7')
  })

  for (const wire of [wireBinary, wireTagged])
    it(`and a farewell are said by ${wire.name}; the farewell is no candidate and undoes no other`, async () => {
      const { packet, take, hosts } = await told(
        { interfaces: here, listensOn: '0.0.0.0' },
        'IPv4',
        there,
        wire as never,
      )
      expect(take()).to.equal('answer')
      expect(take({ ...packet!, sourceOriginTime: 1 }), 'known already').to.equal('done')
      expect(take(farewell(packet!, 2))).to.equal('done')
      expect(take({ ...packet!, sourceOriginTime: 3 }), 'answered like a stranger').to.equal('answer')
      expect(hosts()).to.deep.equal(['192.168.1.7', '192.168.1.7', '192.168.1.7'])
    })
})

describe('the option group', () => {
  const good: [group: unknown, ipv4: string, ipv6: string][] = [
    [undefined, defaultGroups.ipv4, defaultGroups.ipv6],
    ['239.255.0.0', '239.255.0.0', defaultGroups.ipv6],
    ['239.255.255.255', '239.255.255.255', defaultGroups.ipv6],
    ['ff12::1', defaultGroups.ipv4, 'ff12::1'],
    ['ff12::8384:1', defaultGroups.ipv4, 'ff12::8384:1'],
    ['ff02::7032', defaultGroups.ipv4, 'ff02::7032'],
    [{ ipv4: '239.255.1.2' }, '239.255.1.2', defaultGroups.ipv6],
    [{ ipv4: '239.255.1.2', ipv6: 'ff12::5' }, '239.255.1.2', 'ff12::5'],
  ]
  for (const [group, ipv4, ipv6] of good)
    it(`${JSON.stringify(group) ?? 'left out'} gives ${ipv4} and ${ipv6}`, () => {
      const options = resolveOptions(discoveryLan, group === undefined ? {} : { group })
      expect(groupsOf(options.group)).to.deep.equal({ ipv4, ipv6 })
    })

  const bad = [
    '239.254.1.1',
    '224.0.0.1',
    '239.255.1',
    '239.255.1.256',
    '239.255.01.1',
    'ff02::1',
    'ff02::fb',
    'ff05::7032',
  ]
  for (const group of [
    ...bad,
    'ff12::',
    'ff12::1%eth0',
    'ff0e::7032',
    '::1',
    '',
    { ipv4: 'ff12::1' },
    { ipv6: '239.255.1.1' },
    { v4: '' },
  ])
    it(`${JSON.stringify(group)} is refused`, () => {
      expect(() => resolveOptions(discoveryLan, { group })).to.throw()
    })
})
