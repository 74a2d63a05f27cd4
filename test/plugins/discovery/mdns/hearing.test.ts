// What is made of mDNS messages, good and hostile. Nothing is sent here.
import { decode, encode, type Answer, type Packet } from 'dns-packet'
import { expect } from 'chai'
import type { Candidate } from '../../../../core/index.ts'
import { Hearing } from '../../../../plugins/discovery/mdns/hearing.ts'
import { labelOf, recordsOf, type OwnRecord } from '../../../../plugins/discovery/mdns/records.ts'
import { fakeContext } from '../../../support/fake-context.ts'
import type { Link4 } from '../../../../plugins/discovery/shared/links.ts'
import { mutate } from '../../../support/mutate.ts'
import { seededRandom } from '../../../support/seeded-random.ts'

const link: Link4 = {
  family: 'IPv4',
  name: 'eth0',
  address: '10.77.0.1',
  netmask: '255.255.255.0',
  broadcast: '',
  loopback: false,
  addresses: [],
}
const neighbour = { address: '10.77.0.2', port: 5353 }
const other = { identifier: 'other', network: 'test', address: '10.77.0.2', port: 4001 }

function hear() {
  const fake = fakeContext()
  fake.node.listening = [{ scheme: 'tls', host: '0.0.0.0', port: 1 }]
  const hearing = new Hearing(fake.ctx, link, { burst: 20, perSecond: 5 })
  return {
    ...fake,
    hearing,
    take(message: Uint8Array, source = neighbour): Candidate[] | undefined {
      const packet = hearing.read(message, source)
      return packet && hearing.candidates(packet, source)
    },
  }
}

const responseOf = (answers: readonly Answer[], more: Packet = {}) =>
  encode({ type: 'response', answers: [...answers], ...more })
const told = (change: Partial<typeof other> = {}) => recordsOf({ ...other, ...change }) as OwnRecord[]
/** The records of a node, those of one type replaced or left out. */
const without = (type: string, ...instead: Answer[]): Answer[] => [
  ...told().filter((record) => record.type !== type),
  ...instead,
]
const instance = 'other._p2pnet._tcp.local'
const candidate = { host: '10.77.0.2', port: 4001, via: 'discovery-mdns', identifier: 'other', scheme: 'tls' }
const txt = (...data: string[]): Answer => ({ type: 'TXT', name: instance, ttl: 120, data })
const a = (data: string): Answer => ({ type: 'A', name: addressName(), ttl: 120, data })
const addressName = () => told().find(({ type }) => type === 'A')!.name

describe('an mDNS message', () => {
  const good: [what: string, message: Uint8Array, heard: Partial<Candidate>[]][] = [
    ['that tells of a node', responseOf(told()), [candidate]],
    ['with the details beside', responseOf(told().slice(0, 1), { additionals: told().slice(1) }), [candidate]],
    [
      'of a node elsewhere on the link',
      responseOf(told({ address: '10.77.0.9' })),
      [{ ...candidate, host: '10.77.0.9' }],
    ],
    ['with addresses, the one it comes from among them', responseOf([a('10.77.0.8'), ...told()]), [candidate]],
    ['with addresses of other networks alone', responseOf(without('A', a('192.0.2.1'), a('127.0.0.1'))), [candidate]],
    ['without an address', responseOf(without('A')), [candidate]],
    [
      'in capitals',
      responseOf(told().map((record) => ({ ...record, name: record.name.toUpperCase() }) as OwnRecord)),
      [candidate],
    ],
    [
      'with keys in capitals and twice',
      responseOf(without('TXT', txt('V=1', 'NET=test', 'Id=other', 'id=x'))),
      [candidate],
    ],
    [
      'of two nodes',
      responseOf([...told(), ...told({ identifier: 'third', port: 4003 })]),
      [candidate, { ...candidate, identifier: 'third', port: 4003 }],
    ],
    [
      'of a node without an identifier',
      responseOf(without('TXT', txt('v=1', 'net=test'))),
      [{ host: '10.77.0.2', port: 4001, via: 'discovery-mdns', scheme: 'tls' }],
    ],
  ]
  for (const [what, message, heard] of good)
    it(`${what} makes candidates`, () => {
      expect(hear().take(message)).to.deep.equal(heard)
    })

  const nothing: [what: string, message: Uint8Array][] = [
    ['of this node itself', responseOf(told({ identifier: 'me' }))],
    ['of this node under another identifier', responseOf(without('TXT', txt('v=1', 'net=test', 'id=x')).map(asMine))],
    ['of another network', responseOf(told({ network: 'elsewhere' }))],
    ['of no network', responseOf(without('TXT', txt('v=1', 'id=other')))],
    ['of a later version', responseOf(without('TXT', txt('v=2', 'net=test', 'id=other')))],
    ['without TXT', responseOf(without('TXT'))],
    ['without SRV', responseOf(without('SRV'))],
    ['of port 0', responseOf(told({ port: 0 }))],
    ['of an empty identifier', responseOf(without('TXT', txt('v=1', 'net=test', 'id=')))],
    [
      'of another service',
      responseOf(told().map((record) => ({ ...record, name: record.name.replace('p2pnet', 'http') }) as OwnRecord)),
    ],
    ['that says goodbye', responseOf(told().map((record): Answer => ({ ...record, ttl: 0 })))],
  ]
  for (const [what, message] of nothing)
    it(`${what} makes none`, () => {
      expect(hear().take(message)).to.deep.equal([])
    })

  const unread: [what: string, message: Uint8Array, source?: typeof neighbour][] = [
    ['from outside the link', responseOf(told()), { address: '10.78.0.2', port: 5353 }],
    ['from loopback', responseOf(told()), { address: '127.0.0.1', port: 5353 }],
    ['from a port that is no responder’s', responseOf(told()), { address: '10.77.0.2', port: 40_000 }],
    ['that is too long', Buffer.concat([responseOf(told()), Buffer.alloc(1500)])],
    ['that is too short', Buffer.alloc(11)],
    [
      'of too many records',
      responseOf(Array.from({ length: 65 }, (): Answer => ({ type: 'PTR', name: 'a', ttl: 1, data: 'b' }))),
    ],
    ['that lies about its records', Buffer.from(responseOf(told())).fill(0xff, 4, 12)],
    ['whose names go round in circles', circle()],
    ['that is cut off', responseOf(told()).subarray(0, 100)],
  ]
  for (const [what, message, source] of unread)
    it(`${what} is not read`, () => {
      expect(hear().take(message, source)).to.equal(undefined)
    })

  it('counts against its source, and a flood of one source not against others', () => {
    const node = hear()
    const message = responseOf(told())
    const heard = Array.from({ length: 1000 }, () => node.take(message)).filter(Boolean)
    expect(heard).to.have.lengthOf(20)
    expect(node.take(message, { address: '10.77.0.3', port: 5353 })).to.have.lengthOf(1)
  })

  it('counts in all, however many sources a flood makes up, and is heard again when it is over', async () => {
    const node = hear()
    const message = responseOf(told())
    let heard = 0
    for (let i = 0; i < 5000; i++)
      if (node.take(message, { address: `10.77.0.${String(i % 256)}`, port: 5353 }) !== undefined) heard++
    expect(heard).to.equal(40) // twice what one may say
    await node.clock.advance(1000)
    expect(node.take(message)).to.have.lengthOf(1)
  })

  it('may be damaged in any way: it never throws, and never makes a candidate outside the link', async () => {
    const node = hear()
    const random = seededRandom(11)
    const message = responseOf(told(), { additionals: told({ identifier: 'third' }) })
    for (let i = 0; i < 5000; i++) {
      await node.clock.advance(200)
      for (const { host, port } of node.take(mutate(message, random)) ?? []) {
        expect(host).to.match(/^10\.77\.0\.\d+$/)
        expect(port).to.be.within(1, 65_535)
      }
    }
  })
})

/** The same, told under this node's own name. */
function asMine(record: Answer): Answer {
  return { ...record, name: record.name.replace(instance, `${labelOf('me')}._p2pnet._tcp.local`) }
}

function circle(): Buffer {
  const message = Buffer.alloc(20)
  message.writeUInt16BE(0x8400, 2)
  message.writeUInt16BE(1, 6)
  message.writeUInt16BE(0xc00c, 12)
  return message
}

describe('the records of a node', () => {
  it('are what DNS-SD asks for', () => {
    const records = decode(responseOf(told({ identifier: 'abc_DEF-9', network: 'Büro' }))).answers!
    expect(records.map(({ type, name }) => `${type} ${name}`)).to.deep.equal([
      'PTR _p2pnet._tcp.local',
      'PTR _services._dns-sd._udp.local',
      'SRV abc_DEF-9._p2pnet._tcp.local',
      'TXT abc_DEF-9._p2pnet._tcp.local',
      `A ${(records[2] as { data: { target: string } }).data.target}`,
    ])
    const text = (records[3] as { data: Buffer[] }).data.map(String)
    expect(text).to.deep.equal(['id=abc_DEF-9', 'v=1', 'net=Büro'])
    expect(records.map((record) => (record as { flush?: boolean }).flush)).to.deep.equal([
      false,
      false,
      true,
      true,
      true,
    ])
  })

  for (const [what, identifier] of [
    ['with spaces and dots', 'a b.c'],
    ['longer than a label', 'x'.repeat(64)],
    ['longer than a text', 'x'.repeat(256)],
  ] as const)
    it(`fit also for an identifier ${what}`, () => {
      const label = labelOf(identifier)
      expect(label).to.match(/^[0-9a-f]{40}$/)
      const message = responseOf(told({ identifier }))
      const [heard] = hear().take(message)!
      expect(heard?.identifier).to.equal(identifier.length < 200 ? identifier : undefined)
    })

  it('are none for a network whose name does not fit', () => {
    expect(recordsOf({ ...other, network: '😀'.repeat(64) })).to.equal(undefined)
    expect(recordsOf({ ...other, network: '😀'.repeat(62) })).to.have.lengthOf(5)
  })
})
