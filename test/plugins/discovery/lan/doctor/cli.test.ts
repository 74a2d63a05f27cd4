// `p2pnet doctor lan` on loopback, with and without a node there.
import { expect } from 'chai'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { PeerNetwork } from 'p2pnet'
import type { Cause } from '../../../../../plugins/discovery/lan/doctor/causes.ts'
import type { Facts } from '../../../../../plugins/discovery/lan/doctor/facts.ts'
import { Scratch } from '../../../../support/scratch.ts'
import { TestShell } from '../../../../support/test-shell.ts'
import { freeUdpPorts } from '../../../../support/udp.ts'

describe('doctor lan', function () {
  this.timeout(30_000)
  let scratch: Scratch
  let ports: number[]
  let nodes: PeerNetwork[]
  beforeEach(async () => {
    ports = await freeUdpPorts(2)
    nodes = []
    scratch = await Scratch.make({
      'package.json': '{}',
      'p2pnet.config.json': JSON.stringify({
        extends: ['p2pnet:recommended'],
        network: { name: 'mine', designatedPorts: ports },
      }),
    })
  })
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.stop()))
    await scratch.remove()
  })

  async function start(name: string, dataDir: string): Promise<PeerNetwork> {
    const node = await PeerNetwork.create({
      extends: ['p2pnet:recommended'],
      network: { name, host: '127.0.0.1', designatedPorts: ports, dataDir: scratch.at(dataDir) },
    })
    nodes.push(node)
    await node.start()
    return node
  }

  async function doctor(...words: string[]) {
    const shell = new TestShell(scratch.path)
    const code = await shell.run('doctor', 'lan', '--seconds', '2', ...words)
    return { code, out: shell.out, err: shell.err }
  }

  async function json(...words: string[]) {
    const { code, out, err } = await doctor(...words, '--json')
    expect(err).to.equal('')
    return { code, ...(JSON.parse(out) as Facts & { readonly causes: readonly Cause[] }) }
  }

  it('without another node: exits 1, has sent on every path of loopback, and says what to do', async () => {
    const { code, interfaces, heard, causes } = await json()
    expect(code).to.equal(1)
    expect(heard).to.deep.equal([])
    const used = interfaces.filter(({ state }) => state === 'used')
    expect(used.map(({ loopback }) => loopback)).to.deep.equal([true])
    for (const { sent, heardItself, errors } of used.flatMap(({ paths }) => paths))
      expect({ sent, heardItself, errors }).to.deep.equal({ sent: 6, heardItself: true, errors: [] })
    expect(causes.map(({ cause }) => cause)).to.include.members(['loopback-only', 'no-second-node'])
  })

  it('with another node, also one of another network: exits 0, and each path tells who answered', async () => {
    const friend = await start('mine', 'friend')
    const stranger = await start('theirs', 'stranger')
    const { code, interfaces, heard, causes } = await json()
    expect(code).to.equal(0)
    expect(
      Object.fromEntries(heard.map(({ identifier = '', network, port }) => [identifier, { network, port }])),
    ).to.deep.equal({
      [friend.identifier]: { network: 'mine', port: friend.listening[0]?.port },
      [stranger.identifier]: { network: 'theirs', port: stranger.listening[0]?.port },
    })
    for (const { answers } of interfaces.flatMap(({ paths }) => paths)) expect(answers).to.have.lengthOf(2)
    expect(causes.map(({ cause }) => cause)).to.deep.equal(['loopback-only', 'other-network'])
    expect([...friend.knownPeers], 'a question makes nobody known').to.deep.equal([])
  })

  it('with the own node alone: heard, and still exits 1', async () => {
    const own = await start('mine', '.p2pnet')
    const { code, heard, causes } = await json()
    expect(heard.map(({ identifier, own: isOwn }) => ({ identifier, isOwn }))).to.deep.equal([
      { identifier: own.identifier, isOwn: true },
    ])
    expect(code).to.equal(1)
    expect(causes.map(({ cause }) => cause)).to.include('no-second-node')
  })

  it('tells of a port that another program has for itself, and of a host without a node', async () => {
    const taker = createSocket({ type: 'udp4' })
    try {
      taker.bind(ports[0], '127.0.0.2')
      await once(taker, 'listening')
      const { causes } = await json('--to', '127.0.0.3')
      expect(causes.map(({ cause }) => cause)).to.include.members(['port-taken', 'no-node-there'])
    } finally {
      taker.close()
    }
  })

  it('for people: a table, then what may be wrong and what to do, line by line', async () => {
    await start('mine', 'friend')
    const { code, out } = await doctor()
    expect(code).to.equal(0)
    expect(out).to.match(/^network "mine", UDP ports \d+ \d+\n/)
    expect(out).to.match(/\nlo +broadcast +127\.255\.255\.255 +6 +yes +127\.0\.0\.1\n/)
    expect(out).to.match(/\nWhat may be wrong:\n- The node keeps to this machine.*\n {2}Start it with --lan/)
  })

  for (const [words, message] of [
    [['--to', 'example.org'], /--to takes an IP address/],
    [['--to', '127.0.0.1'], /127\.0\.0\.1 is this one/],
    [['--seconds', '1'], /--seconds takes a number/],
  ] as const)
    it(`refuses ${words.join(' ')}`, async () => {
      const { code, err } = await doctor(...words)
      expect(code).to.equal(2)
      expect(err).to.match(message)
    })
})
