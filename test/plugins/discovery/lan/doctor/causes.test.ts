// What is found on a LAN, and what is said to be wrong.
import { expect } from 'chai'
import { causesOf } from '../../../../../plugins/discovery/lan/doctor/causes.ts'
import type {
  Answer,
  Facts,
  HeardFacts,
  InterfaceFacts,
  PathFacts,
} from '../../../../../plugins/discovery/lan/doctor/facts.ts'

const neighbour: Answer = { address: '10.0.0.2', port: 40000 }
const node: HeardFacts = {
  identifier: 'neighbour',
  address: '10.0.0.2',
  port: 4000,
  network: 'mine',
  answered: true,
  clockMs: 3,
  own: false,
}
const path = (changes: Partial<PathFacts> = {}): PathFacts => ({
  path: 'broadcast',
  family: 'IPv4',
  to: '10.0.0.255',
  sent: 9,
  errors: [],
  heardItself: true,
  answers: [neighbour],
  ...changes,
})
const lan = (changes: Partial<InterfaceFacts> = {}): InterfaceFacts => ({
  name: 'eth0',
  state: 'used',
  addresses: ['10.0.0.1'],
  loopback: false,
  paths: [path(), path({ path: 'multicast', to: '239.255.80.50' })],
  ...changes,
})
const good: Facts = {
  network: 'mine',
  host: '0.0.0.0',
  ports: [{ port: 8001 }, { port: 8002 }],
  interfaces: [lan()],
  heard: [node],
  unreadable: [],
}
const nobody = { answers: [] as readonly Answer[] }
const silent = [path(nobody), path({ ...nobody, path: 'multicast', to: '239.255.80.50' })]
const unicast = { to: '10.0.0.2', sent: 6, errors: [], refused: [], answers: [neighbour] }

const cases: readonly (readonly [what: string, facts: Partial<Facts>, causes: readonly string[], words?: RegExp])[] = [
  ['a neighbour answers on both paths', {}, []],
  ['no interface', { interfaces: [], heard: [] }, ['no-interface', 'no-second-node'], /loopback at least/],
  [
    'an address that this machine has not',
    { host: '10.9.9.9', interfaces: [lan({ state: 'unused', paths: [] })], heard: [] },
    ['no-interface', 'no-second-node'],
    /10\.9\.9\.9/,
  ],
  [
    'loopback alone',
    { host: '127.0.0.1', interfaces: [lan({ name: 'lo', loopback: true })] },
    ['loopback-only'],
    /--lan/,
  ],
  [
    'loopback alone, of a node that would use more',
    { interfaces: [lan({ name: 'lo', loopback: true })] },
    ['loopback-only'],
    /Bring up/,
  ],
  [
    'an interface that is down',
    { interfaces: [lan(), lan({ name: 'eth1', state: 'down', paths: [], addresses: [] })], heard: [] },
    ['interface-down', 'no-second-node'],
    /eth1/,
  ],
  [
    'a point-to-point interface',
    { interfaces: [lan(), lan({ name: 'tun0', state: 'unsuited', paths: [], addresses: ['10.9.0.1'] })] },
    ['no-broadcast-address'],
    /tun0/,
  ],
  ['an interface that the config leaves out', { interfaces: [lan(), lan({ state: 'unused', paths: [] })] }, []],
  ['a port that is taken', { ports: [{ port: 8001, error: 'EADDRINUSE' }, { port: 8002 }] }, ['port-taken'], /8001/],
  [
    'nothing may leave',
    { interfaces: [lan({ paths: [path({ sent: 0, errors: ['EPERM'], heardItself: false, ...nobody })] })], heard: [] },
    ['send-refused', 'no-second-node'],
    /firewall/,
  ],
  [
    'nothing can leave',
    {
      interfaces: [lan({ paths: [path({ sent: 0, errors: ['ENETUNREACH'], heardItself: false, ...nobody })] })],
      heard: [],
    },
    ['send-refused', 'no-second-node'],
    /whether it is up/,
  ],
  [
    'what is sent does not come back',
    { interfaces: [lan({ paths: silent.map((one) => ({ ...one, heardItself: false })) })], heard: [] },
    ['firewall', 'no-second-node'],
    /8001, 8002/,
  ],
  [
    'one path is silent',
    { interfaces: [lan({ paths: [path(), path({ ...nobody, family: 'IPv6', path: 'multicast' })] })] },
    ['path-blocked'],
    /IPv6 multicast/,
  ],
  ['nobody anywhere', { interfaces: [lan({ paths: silent })], heard: [] }, ['no-second-node'], /--to/],
  [
    'heard, but nobody answers',
    { interfaces: [lan({ paths: silent })], heard: [{ ...node, answered: false }] },
    ['one-way'],
    /neighbour/,
  ],
  ['only the node that runs here', { heard: [{ ...node, own: true }] }, ['no-second-node']],
  ['another network', { heard: [{ ...node, network: 'theirs' }] }, ['other-network'], /"theirs"/],
  ['a node of the C# original, which names no network', { heard: [(({ network: _, ...rest }) => rest)(node)] }, []],
  ['bytes that cannot be read', { unreadable: ['10.0.0.9'] }, ['other-wire'], /10\.0\.0\.9/],
  ['a clock a minute ahead', { heard: [{ ...node, clockMs: 60_000 }] }, ['clock'], /60 s ahead/],
  ['a clock a minute behind', { heard: [{ ...node, clockMs: -60_000 }] }, ['clock'], /60 s behind/],
  ['a host that answers on all paths', { unicast }, []],
  [
    'a host that answers by itself alone',
    { unicast, interfaces: [lan({ paths: silent })] },
    ['isolation'],
    /isolation of clients/,
  ],
  [
    'a host without a node',
    { unicast: { ...unicast, answers: [], refused: [8001, 8002] } },
    ['no-node-there'],
    /8001, 8002/,
  ],
  ['a host that is silent', { unicast: { ...unicast, answers: [] } }, ['host-silent'], /ping/],
  [
    'a host without a route',
    { unicast: { ...unicast, answers: [], sent: 0, errors: ['ENETUNREACH'] } },
    ['host-silent'],
    /ENETUNREACH/,
  ],
]

describe('the causes that doctor lan names', () => {
  for (const [what, facts, causes, words] of cases)
    it(what, () => {
      const found = causesOf({ ...good, ...facts })
      expect(found.map(({ cause }) => cause)).to.deep.equal(causes)
      if (words !== undefined) expect(found.map(({ text, remedy }) => `${text} ${remedy}`).join('\n')).to.match(words)
    })
})
