// handshake-key between whole nodes, over real sockets.
import { createHash, randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { TrustLevel, type Config, type PeerChannel, type PeerNetwork } from 'p2pnet'
import { event, eventually, Nodes } from '../../../support/nodes.ts'
import { between, type Between, type Change } from './between.ts'
import { frameOf, KeyPeer, newKeys, session } from './parties.ts'
import { provingTransport, type Claims } from './proving-transport.ts'

const opaque = 'E_HANDSHAKE: the handshake failed'

describe('handshake-key', function () {
  this.timeout(30_000)
  const nodes = new Nodes()
  const peers: KeyPeer[] = []
  const middles: Between[] = []
  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.socket.destroy()
    for (const middle of middles.splice(0)) middle.close()
    await nodes.clean()
  })

  interface How {
    readonly name?: string
    readonly host?: string
    readonly timeoutMs?: number
    readonly claims?: Claims
    readonly policy?: object
    readonly limits?: object
  }
  async function start({ name = 'test', host, timeoutMs = 5000, claims, policy, limits }: How = {}) {
    const node = await nodes.compose({
      extends: ['p2pnet:minimal'],
      network: { name, ...(host !== undefined && { host }) },
      limits: { banScore: 'unlimited', ...limits },
      plugins: [
        ...(claims === undefined ? [] : [{ use: 'transport-tcp', enabled: false }, provingTransport(claims)]),
        'identity-key',
        { use: 'handshake-key', options: { timeoutMs } },
        { use: 'trust-incoming', options: { trustedLevel: 'identified', ...policy } },
        'distribution',
      ],
    } as Config)
    await node.start()
    return node
  }
  const dial = async (node: PeerNetwork, from?: string) => {
    const peer = await KeyPeer.dial(node, from)
    peers.push(peer)
    return peer
  }
  const through = async (to: PeerNetwork, change?: Change) => {
    const middle = await between(to.listening[0]!, change)
    middles.push(middle)
    return middle
  }
  const failureOf = (channel: PeerChannel): Promise<{ code: string; message: string }> =>
    channel.whenTrusted().then(
      () => expect.fail('it was trusted'),
      (error: unknown) => error as { code: string; message: string },
    )
  const isTrusting = (node: PeerNetwork) => node.trustedChannels.length > 0
  const isEmpty = (node: PeerNetwork) => [...node.channels].length === 0
  const reasonsOf = (node: PeerNetwork) =>
    node.decisions().flatMap(({ code, reason }) => (code === 'TRUSTED' ? [] : [`${code} ${reason}`]))

  it('makes two nodes know and trust each other, and nothing is lost that either says the moment it trusts', async () => {
    const [a, b] = [await start(), await start()]
    const heard: string[] = []
    for (const node of [a, b]) {
      node.on('message', (text) => heard.push(text))
      node.on('trustChanged', (channel) => channel.post({ type: 'PureMessage', message: `by ${node.identifier}` }))
    }
    const trusted = event(b, 'trustChanged')
    const channel = await a.connect(b.listening[0]!)
    await channel.whenTrusted()
    const [other] = await trusted
    expect([channel.peer.identifier, other.peer.identifier]).to.deep.equal([b.identifier, a.identifier])
    expect([channel.level, other.level]).to.deep.equal([TrustLevel.identified, TrustLevel.identified])
    await eventually(() => heard.length === 2)
    expect(heard).to.have.members([`by ${a.identifier}`, `by ${b.identifier}`])
    await eventually(() => other.peer.port === a.listening[0]!.port)
    for (const [one, two] of [
      [a, b],
      [b, a],
    ] as const)
      await eventually(() => [...one.knownPeers].some(({ identifier }) => identifier === two.identifier))
    expect([...reasonsOf(a), ...reasonsOf(b)]).to.deep.equal([])
  })

  it('is good with the identifier that the other turns out to have', async () => {
    const [a, b] = [await start(), await start()]
    const channel = await a.connect({ ...b.listening[0]!, identifier: b.identifier })
    await channel.whenTrusted()
  })

  it('works over wire-tagged as well', async () => {
    const [a, b] = await Promise.all(
      [0, 1].map(async () => {
        const node = await nodes.compose({
          extends: ['p2pnet:minimal'],
          plugins: [
            { use: 'wire-tagged', options: { paceMs: 0 } },
            'identity-key',
            'handshake-key',
            { use: 'trust-incoming', options: { trustedLevel: 'identified' } },
          ],
        })
        await node.start()
        return node
      }),
    )
    const channel = await a!.connect(b!.listening[0]!)
    await channel.whenTrusted()
    expect(channel.peer.identifier).to.equal(b!.identifier)
    await eventually(() => isTrusting(b!))
  })

  it('is not enough for the default policy on plain TCP: identified is not authenticated', async () => {
    const [a, b] = [await start({ policy: { trustedLevel: 'authenticated' } }), await start()]
    const channel = await a.connect(b.listening[0]!)
    expect(await failureOf(channel)).to.include({ code: 'E_NOT_ALLOWED' })
    expect([channel.level, channel.peer.identifier]).to.deep.equal([TrustLevel.identified, b.identifier])
  })

  it('waits for a handshake of the config’s own that abstains after a while', async () => {
    let release = () => {}
    const asked = new Promise<void>((resolve) => (release = resolve))
    const own = () => asked.then(() => undefined)
    const [a, b] = [await start(), await start({ policy: { peerTrustHandshake: own } })]
    const channel = await a.connect(b.listening[0]!)
    const other = await eventually(() => [...b.channels][0])
    await eventually(() => other.stats.packetsIn > 0)
    release()
    await channel.whenTrusted()
    await eventually(() => isTrusting(b))
  })

  describe('of a transport', () => {
    const keyed = (bytes: string) => (label: string, length: number) =>
      createHash('sha256').update(bytes).update(label).digest().subarray(0, length)

    it('that proves keys says hello and ready, and authenticates', async () => {
      const ids: string[] = []
      const a = await start({ claims: { peerKey: () => ids[1]! }, policy: { trustedLevel: 'authenticated' } })
      const b = await start({ claims: { peerKey: () => ids[0]! }, policy: { trustedLevel: 'authenticated' } })
      ids.push(a.identifier, b.identifier)
      const channel = await a.connect(b.listening[0]!)
      await channel.whenTrusted()
      const other = await eventually(() => b.trustedChannels[0])
      expect([channel.level, other.level]).to.deep.equal([TrustLevel.authenticated, TrustLevel.authenticated])
      expect([channel.peer.identifier, other.peer.identifier]).to.deep.equal([b.identifier, a.identifier])
      // hello, then where it listens; ready
      await eventually(() => channel.stats.packetsOut === 2 && channel.stats.packetsIn === 1)
    })

    it('that proves another key than the peer names is not believed', async () => {
      const ids: string[] = []
      const a = await start({ claims: { peerKey: () => ids[1]! } })
      const b = await start({ claims: { peerKey: () => ids[0]! } })
      ids.push(newKeys().keyId(newKeys().publicKey), b.identifier)
      const channel = await a.connect(b.listening[0]!)
      expect(await failureOf(channel))
        .to.have.property('message')
        .that.includes('the handshake failed')
      await eventually(() => isEmpty(b))
      expect(reasonsOf(b).join()).to.include('another key than the one that the transport proved')
      expect([isTrusting(a), isTrusting(b)]).to.deep.equal([false, false])
    })

    it('that binds authenticates', async () => {
      const claims = { exporter: keyed('one link') }
      const [a, b] = [await start({ claims }), await start({ claims })]
      const channel = await a.connect(b.listening[0]!)
      await channel.whenTrusted()
      expect(channel.level).to.equal(TrustLevel.authenticated)
    })

    it('that binds gives a relay away', async () => {
      const a = await start({ claims: { exporter: keyed('a to m') } })
      const b = await start({ claims: { exporter: keyed('m to b') } })
      const channel = await a.connect(await through(b))
      expect(await failureOf(channel)).to.include({ code: 'E_HANDSHAKE' })
      await eventually(() => isEmpty(a) && isEmpty(b))
      expect(reasonsOf(a).join()).to.include('not that of the key')
      expect([...a.decisions(), ...b.decisions()].map(({ code }) => code)).to.not.include('TRUSTED')
    })

    it('that binds with too few bytes is not believed', async () => {
      const claims = { exporter: () => new Uint8Array(16) }
      const [a, b] = [await start({ claims }), await start({ claims })]
      const channel = await a.connect(b.listening[0]!).catch(() => undefined)
      if (channel !== undefined) await failureOf(channel)
      await eventually(() => isEmpty(a) && isEmpty(b))
      expect(reasonsOf(b).join()).to.include('another length')
    })
  })

  describe('refuses', () => {
    it('a node of another network, whichever dials', async () => {
      const [a, b] = [await start({ name: 'one' }), await start({ name: 'two' })]
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        const channel = await from.connect(to.listening[0]!)
        expect(await failureOf(channel))
          .to.have.property('message')
          .that.includes('the handshake failed')
        await eventually(() => isEmpty(from) && isEmpty(to))
        expect(reasonsOf(to).at(-1)).to.equal(`E_HANDSHAKE the peer belongs to the network "${from.name}"`)
      }
      expect([...a.decisions(), ...b.decisions()].map(({ code }) => code)).to.not.include('TRUSTED')
    })

    it('somebody else than was dialled, who learns nothing of it', async () => {
      const [a, b] = [await start(), await start()]
      const nobody = newKeys().keyId(newKeys().publicKey)
      const gone = event(b, 'peerRemoved')
      const channel = await a.connect({ ...b.listening[0]!, identifier: nobody })
      expect(await failureOf(channel)).to.include({ code: 'E_WRONG_PEER' })
      const [, reason] = await gone
      expect(reason.message).to.include(opaque.split(': ')[1]!).and.not.include(nobody)
      expect(reasonsOf(a)).to.deep.equal([`E_WRONG_PEER the peer is ${b.identifier}, not ${nobody}`])
      expect(isTrusting(b)).to.equal(false)
      expect(channel.peer.identifier).to.equal(undefined)
    })

    it('itself', async () => {
      const a = await start()
      const channel = await a.connect(a.listening[0]!)
      await failureOf(channel)
      await eventually(() => isEmpty(a))
      expect(reasonsOf(a)[0]).to.equal('E_SELF the peer names the key of this node')
    })

    const [good, other] = [newKeys(), newKeys()]
    const hello = (more: object = {}) => ({ ...session('dialler', good, { nonce: randomBytes(32) }).begin()!, ...more })
    const named = (json: string) => {
      const header = Buffer.from(json)
      const head = frameOf({ type: 'KeyReady' }).subarray(0, 20)
      head.writeUInt32BE(16 + header.byteLength, 0)
      head.writeUInt32BE(header.byteLength, 8)
      return Buffer.concat([head, header])
    }
    const rows: [string, Buffer[], RegExp | string, RegExp][] = [
      ['a message before anything', [frameOf({ type: 'PureMessage', message: 'hi' })], opaque, /"PureMessage" in the/],
      [
        'data before anything',
        [frameOf({ type: 'DataTransmission', dataType: 'Task', data: Buffer.of(1) })],
        opaque,
        /"DataTrans/,
      ],
      [
        'an introduction',
        [frameOf({ type: 'Identifier', data: 1, sourceOriginIdentifier: 'x' })],
        opaque,
        /"Identifier" in/,
      ],
      [
        'a hello and a message behind it',
        [frameOf(hello()), frameOf({ type: 'PureMessage', message: 'hi' })],
        opaque,
        /in the state proof/,
      ],
      ['two hellos', [frameOf(hello()), frameOf(hello())], opaque, /"KeyHello" in the state proof/],
      [
        'ready from whoever should prove',
        [frameOf(hello()), frameOf({ type: 'KeyReady' })],
        opaque,
        /"KeyReady" in the/,
      ],
      ['a field too many', [named(JSON.stringify(hello({ x: 1 })))], opaque, /KeyHello: .*additional properties/],
      ['a nonce too short', [named(JSON.stringify(hello({ nonce: 'AA' })))], opaque, /nonce/],
      [
        'white space in the JSON',
        [named(JSON.stringify(hello()).replace(',', ', '))],
        /E_FRAME_INVALID/,
        /one spelling/,
      ],
      ['a name twice', [named(JSON.stringify(hello()).replace('{', '{"v":1,'))], /E_FRAME_INVALID/, /one spelling/],
      ['an escape', [named(JSON.stringify(hello()).replace('test', '\\u0074est'))], /E_FRAME_INVALID/, /one spelling/],
    ]
    for (const [what, frames, told, reason] of rows)
      it(`${what}, and says no more than that it failed`, async () => {
        const node = await start()
        const peer = await dial(node)
        peer.socket.write(Buffer.concat(frames))
        const farewell = await peer.farewell()
        if (typeof told === 'string') expect(farewell).to.equal(told)
        else expect(farewell).to.match(told)
        expect(reasonsOf(node).join('; ')).to.match(reason)
        expect(node.decisions().map(({ code }) => code)).to.not.include('TRUSTED')
      })

    it('a proof by another key, and a replayed one', async () => {
      const node = await start()
      const first = await dial(node)
      const mine = session('dialler', good)
      const said = [mine.begin()!]
      first.say(said[0]!)
      said.push(mine.hear(await first.hears('KeyChallenge')).says!)
      first.say(said[1]!)
      await first.hears('KeyReady')
      const second = await dial(node)
      second.say(...said)
      expect(await second.farewell()).to.equal(opaque)
      const third = await dial(node)
      const cheat = session('dialler', { ...other, publicKey: good.publicKey })
      third.say(cheat.begin()!)
      third.say(cheat.hear(await third.hears('KeyChallenge')).says!)
      expect(await third.farewell()).to.equal(opaque)
      const [decision] = node.decisions().filter(({ code }) => code === 'E_HANDSHAKE')
      expect(decision).to.include({ reason: 'the signature is not that of the key over this handshake', count: 2 })
      expect(node.trustedChannels).to.have.lengthOf(1)
    })

    it('a second handshake on a channel that has one', async () => {
      const node = await start()
      const peer = await dial(node)
      await peer.shake(good)
      await eventually(() => isTrusting(node))
      peer.say(hello())
      expect(await peer.farewell()).to.equal(opaque)
      expect(reasonsOf(node)).to.deep.equal(['E_HANDSHAKE KeyHello after the handshake was over'])
    })

    it('to wait for ever: silence, and a byte now and then', async () => {
      const node = await start({ timeoutMs: 300 })
      const [silent, slow] = [await dial(node), await dial(node)]
      const bytes = frameOf(hello())
      let at = 0
      const timer = setInterval(() => slow.socket.write(bytes.subarray(at, ++at)), 20)
      const farewells = await Promise.all([silent.farewell(), slow.farewell()]).finally(() => {
        clearInterval(timer)
      })
      for (const words of farewells) expect(words).to.match(/^E_HANDSHAKE_TIMEOUT: /)
    })
  })

  describe('a name', () => {
    it('that stands in a packet counts for nothing before the proof', async () => {
      const [node, victim] = [await start(), await start({ host: '127.0.0.3' })]
      const liar = await dial(node)
      const names: unknown[] = []
      node.on('peerRemoved', ({ peer }) => names.push(peer.identifier))
      liar.say({ type: 'PureMessage', message: 'hi', sourceOriginIdentifier: victim.identifier })
      expect(await liar.farewell()).to.equal(opaque)
      expect(names).to.deep.equal([undefined])
      expect(node.decisions({ peer: victim.identifier })).to.deep.equal([])
    })

    it('that failed handshakes claim is not banned, and its owner comes in', async () => {
      const node = await start({ limits: { banScore: 10 } })
      const victim = await start({ host: '127.0.0.3' })
      const cheat = { ...newKeys(), publicKey: victim.use('keys').publicKey }
      for (let i = 0; i < 6; i++) {
        const liar = await dial(node, '127.0.0.2')
        const mine = session('dialler', cheat)
        liar.say(mine.begin()!)
        const answer = await eventually(() => liar.received[0] ?? (liar.isClosed && { type: 'closed' }))
        if (answer.type === 'KeyChallenge') liar.say(mine.hear(answer).says!)
        await liar.farewell()
      }
      expect(reasonsOf(node).join()).to.include('banned for')
      expect(node.decisions({ peer: victim.identifier })).to.deep.equal([])
      const channel = await victim.connect(node.listening[0]!)
      await channel.whenTrusted()
    })

    it('of a peer that speaks in another’s afterwards is not changed by it', async () => {
      const node = await start()
      const heard: string[] = []
      node.on('message', (text) => heard.push(text))
      const keys = newKeys()
      const peer = await dial(node)
      await peer.shake(keys)
      const lie = { type: 'PureMessage', message: 'lie', sourceOriginIdentifier: 'somebody' }
      peer.say({ type: 'PureMessage', message: 'true' }, lie, lie, lie)
      expect(await peer.farewell()).to.match(/^E_ORIGIN/)
      expect(heard).to.deep.equal(['true'])
    })
  })

  it('hands on none of a thousand packets that come before the proof', async () => {
    const node = await start()
    let delivered = 0
    node.on('packet', () => delivered++)
    const peer = await dial(node)
    const mine = session('dialler', newKeys())
    peer.say(mine.begin()!, ...Array<object>(1000).fill({ type: 'PureMessage', message: 'early' }))
    expect(await peer.farewell()).to.equal(opaque)
    expect(delivered).to.equal(0)
  })

  it('keeps one channel of two that were dialled at once, and both trust, ten times of ten', async function () {
    this.timeout(60_000)
    for (let i = 0; i < 10; i++) {
      const [a, b] = [await start(), await start()]
      const channels = await Promise.all([a.connect(b.listening[0]!), b.connect(a.listening[0]!)])
      await Promise.all(channels.map((channel) => channel.whenTrusted()))
      await eventually(() => [a, b].every((node) => [...node.channels].length === 1 && isTrusting(node)))
      expect(channels.map(({ peer }) => peer.identifier)).to.deep.equal([b.identifier, a.identifier])
      await Promise.all([a.stop(), b.stop()])
    }
  })

  it('believes nobody when one byte is changed on the way, in either direction', async function () {
    this.timeout(120_000)
    const [a, b] = [await start({ timeoutMs: 400 }), await start({ timeoutMs: 400 })]
    const count = (node: PeerNetwork) =>
      node.decisions().reduce((sum, { code, count: times }) => (code === 'TRUSTED' ? sum + times : sum), 0)
    const messages = [
      ['dialler', 0],
      ['answerer', 0],
      ['dialler', 1],
      ['answerer', 1],
    ] as const
    // Whose trust would be wrong: of the last message that of the dialler alone, since the answerer knows already.
    for (const [nth, [who, n]] of messages.entries()) {
      let length = 1
      for (let at = 0; at < length; at += 13) {
        const middle = await through(b, (frame, from, index) => {
          if (from !== who || index !== n) return frame
          length = frame.byteLength
          frame[at]! ^= 1
          return frame
        })
        const before = [count(a), count(b)]
        const channel = await a.connect(middle)
        await failureOf(channel)
        await eventually(() => isEmpty(a) && isEmpty(b))
        expect(count(a), `message ${String(nth)}, byte ${String(at)}`).to.equal(before[0])
        if (nth < 3) expect(count(b), `message ${String(nth)}, byte ${String(at)}`).to.equal(before[1])
        middle.close()
      }
    }
    // Unchanged, the same way leads to trust; these two have time for it.
    const [patient, other] = [await start(), await start()]
    const channel = await patient.connect(await through(other))
    await channel.whenTrusted()
  })
})
