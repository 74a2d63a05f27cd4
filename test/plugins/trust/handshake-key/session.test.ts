// The handshake without I/O: what two honest sides come to, and that nothing else comes to anything.
import { createHash, randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { TrustLevel, type NetworkPacket } from 'p2pnet'
import type { KeyPacket } from '../../../../plugins/trust/handshake-key/packets.ts'
import type { KeySession, SessionSetup } from '../../../../plugins/trust/handshake-key/session.ts'
import { signedBytes } from '../../../../plugins/trust/handshake-key/transcript.ts'
import { frameOf, newKeys, openKeyWire, session } from './parties.ts'

const [alice, bob, mallory] = [newKeys(), newKeys(), newKeys()]
const idOf = ({ publicKey, keyId }: typeof alice) => keyId(publicKey)
const binding = randomBytes(32)

interface Run {
  readonly dialler: KeySession
  readonly answerer: KeySession
  readonly said: KeyPacket[]
  /** Whom each side found the other to be. */
  readonly peers: (string | undefined)[]
  readonly error?: { code: string; message: string }
}

/** Both sides talk until one has nothing to say or fails. `way` is what happens to message n on the way. */
function run(
  ofDialler: Partial<SessionSetup> = {},
  ofAnswerer: Partial<SessionSetup> = {},
  way: (packet: KeyPacket, n: number) => object | undefined = (packet) => packet,
): Run {
  const dialler = session('dialler', ofDialler.keys ?? alice, ofDialler)
  const answerer = session('answerer', ofAnswerer.keys ?? bob, ofAnswerer)
  const said: KeyPacket[] = []
  const peers: (string | undefined)[] = [undefined, undefined]
  answerer.begin()
  let says: KeyPacket | undefined = dialler.begin()
  let error: Run['error']
  try {
    for (let n = 0; says !== undefined; n++) {
      said.push(says)
      const arrives = way(says, n)
      if (arrives === undefined) break
      const side = n % 2 === 0 ? 1 : 0
      const step = [dialler, answerer][side]!.hear(arrives as NetworkPacket)
      peers[side] ??= step.peer
      says = step.says
    }
  } catch (thrown) {
    error = thrown as { code: string; message: string }
  }
  return { dialler, answerer, said, peers, ...(error !== undefined && { error }) }
}

const typesOf = ({ said }: Run) => said.map(({ type }) => type)
const isOver = ({ dialler, answerer }: Run) => [dialler.isOver, answerer.isOver]

describe('two honest sides', () => {
  const full = ['KeyHello', 'KeyChallenge', 'KeyProof', 'KeyReady']
  const rows: [string, Partial<SessionSetup>, Partial<SessionSetup>, string[], TrustLevel][] = [
    ['on a plain connection are identified', {}, {}, full, TrustLevel.identified],
    ['on a connection that binds are authenticated', { binding }, { binding }, full, TrustLevel.authenticated],
    ['that know whom they want are identified', { expected: idOf(bob) }, {}, full, TrustLevel.identified],
    [
      'whose keys the transport proved only say hello and ready, and are authenticated',
      { proved: idOf(bob), binding },
      { proved: idOf(alice), binding },
      ['KeyHello', 'KeyReady'],
      TrustLevel.authenticated,
    ],
  ]
  for (const [what, a, b, types, level] of rows)
    it(what, () => {
      const done = run(a, b)
      expect(done.error).to.equal(undefined)
      expect(typesOf(done)).to.deep.equal(types)
      expect(isOver(done)).to.deep.equal([true, true])
      expect([done.dialler.level, done.answerer.level]).to.deep.equal([level, level])
      expect(done.peers[1]).to.equal(idOf(alice))
      if (types === full) expect(done.peers[0]).to.equal(idOf(bob))
    })

  it('sign the hash of every part behind its length, after the label of their role', () => {
    const parts = { diallerKey: 'aa', diallerNonce: 'b', answererKey: 'c', answererNonce: 'd', binding: 'e' }
    const { diallerKey, diallerNonce, answererKey, answererNonce, ...rest } = parts
    const bytes = Object.fromEntries(Object.entries(parts).map(([name, text]) => [name, Buffer.from(text)]))
    const listed = ['p2pnet-auth/1', 'net', rest.binding, diallerKey, diallerNonce, answererKey, answererNonce]
    const prefixed = listed.map((text) => `${String.fromCharCode(0, 0, 0, text.length)}${text}`).join('')
    const hash = createHash('sha256').update(prefixed).digest()
    const transcript = { ...bytes, network: 'net' } as never
    expect(signedBytes('dialler', transcript)).to.deep.equal(Buffer.concat([Buffer.from('I'), hash]))
    expect(signedBytes('answerer', transcript)).to.deep.equal(Buffer.concat([Buffer.from('R'), hash]))
  })
})

describe('a changed message', () => {
  const { wire, types } = openKeyWire()
  /** What the kernel makes of a frame; undefined: nothing comes of it, or it ends the channel. */
  const arrives = (frame: Buffer): NetworkPacket | undefined => {
    const decoder = wire.createDecoder({ frameBytes: 65_536 })
    try {
      decoder.push(frame)
      const packet = decoder.next()
      return packet !== undefined && types.get(packet.type)?.validate(packet) === true ? packet : undefined
    } catch {
      return undefined
    }
  }
  const flows: [string, Partial<SessionSetup>, Partial<SessionSetup>, number][] = [
    ['of the four', { binding }, { binding }, 4],
    ['of the two, where the transport proves', { proved: idOf(bob) }, { proved: idOf(alice) }, 2],
  ]
  for (const [what, a, b, count] of flows)
    for (let nth = 0; nth < count; nth++)
      it(`${what}, number ${String(nth + 1)}, is believed with no byte of its frame changed`, function () {
        this.timeout(60_000)
        const length = frameOf(run(a, b).said[nth]!).byteLength
        for (let at = 0; at < length; at++)
          for (const flip of [1, 0x20, 0x80, 1 + ((at * 7) % 255)]) {
            const done = run(a, b, (packet, n) => {
              const frame = frameOf(packet)
              if (n === nth) frame[at]! ^= flip
              return arrives(frame)
            })
            const where = `byte ${String(at)} xor ${String(flip)}`
            const [dialler, answerer] = isOver(done)
            // In the flow of two the transport protects what is said; the nonce there has no work to do.
            const isNonce = count === 2 && nth === 0 && done.error === undefined
            if (isNonce) expect(done.said[0], where).to.have.property('nonce')
            else expect(dialler, where).to.equal(false)
            // Who says ready last believes already, and has reason to.
            if (nth < count - 1 && !isNonce) expect(answerer, where).to.equal(false)
          }
      })
})

describe('what was said once', () => {
  it('is of no use to a new answerer', () => {
    const old = run()
    for (let i = 0; i < 100; i++) {
      const replay = run({}, {}, (packet, n) => (n % 2 === 0 ? old.said[n] : packet))
      expect(replay.error?.code).to.equal('E_HANDSHAKE')
      expect(replay.answerer.isOver).to.equal(false)
    }
    const answerer = session('answerer', bob)
    answerer.begin()
    answerer.hear(old.said[0]!)
    expect(() => answerer.hear(old.said[2]!)).to.throw('not that of the key')
  })

  it('is of no use to a new dialler', () => {
    const old = run()
    const replay = run({}, {}, (packet, n) => (n % 2 === 1 ? old.said[n] : packet))
    expect(replay.error?.message).to.include('not that of the key')
    expect([typesOf(replay), isOver(replay)]).to.deep.equal([
      ['KeyHello', 'KeyChallenge'],
      [false, false],
    ])
  })

  it('on one connection is of no use on another: whoever relays is not believed', () => {
    const relayed = run({ binding: randomBytes(32) }, { binding: randomBytes(32) })
    expect(relayed.error?.message).to.include('not that of the key')
    expect(isOver(relayed)).to.deep.equal([false, false])
    // Nor where one side only has something to bind to.
    expect(isOver(run({ binding }, {}))).to.deep.equal([false, false])
  })

  it('by the one side cannot be played back as the other: roles are signed, and one’s own key is refused', () => {
    const mirrored = run({}, { keys: alice })
    expect(mirrored.error?.code).to.equal('E_SELF')
    // Bob signs as a dialler what he would have to sign as the answerer.
    const [diallerNonce, answererNonce] = [randomBytes(32), randomBytes(32)]
    const signedBy = (role: 'dialler' | 'answerer') => {
      const keys = { diallerKey: alice.publicKey, answererKey: bob.publicKey }
      const parts = { network: 'test', binding: new Uint8Array(), diallerNonce, answererNonce, ...keys }
      const sig = Buffer.from(bob.sign(signedBytes(role, parts))).toString('base64url')
      return run({ nonce: diallerNonce }, { nonce: answererNonce }, (packet, n) =>
        n === 1 ? { ...packet, sig } : packet,
      )
    }
    expect(isOver(signedBy('answerer'))).to.deep.equal([true, true])
    expect(signedBy('dialler').error?.message).to.include('not that of the key')
  })
})

describe('a side that is told something else', () => {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
  const spki = (point: Uint8Array) => text(Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), point]))
  /** Which message, and what becomes of it. */
  const rows: [string, 0 | 1 | 2 | 3, (packet: Record<string, string>) => object, string][] = [
    ['another network', 0, (hello) => ({ ...hello, net: 'other' }), 'belongs to the network "other"'],
    ['another case of the network', 0, (hello) => ({ ...hello, net: 'Test' }), 'belongs to the network'],
    ['another version', 0, (hello) => ({ ...hello, v: 2 }), 'version'],
    ['a version in words', 0, (hello) => ({ ...hello, v: '1' }), 'version'],
    ['no nonce', 0, ({ nonce: _, ...hello }) => hello, 'other fields'],
    ['a field too many', 0, (hello) => ({ ...hello, x: 1 }), 'other fields'],
    ['a time', 0, (hello) => ({ ...hello, sourceOriginTime: 1 }), 'other fields'],
    ['an origin', 0, (hello) => ({ ...hello, sourceOriginIdentifier: idOf(alice) }), 'other fields'],
    ['a nonce of 31 bytes', 0, (hello) => ({ ...hello, nonce: text(randomBytes(31)) }), 'nonce is not 32'],
    ['a nonce of 33 bytes', 0, (hello) => ({ ...hello, nonce: text(randomBytes(33)) }), 'nonce is not 32'],
    ['an empty nonce', 0, (hello) => ({ ...hello, nonce: '' }), 'nonce is not 32'],
    ['a nonce that is a number', 0, (hello) => ({ ...hello, nonce: 1 }), 'nonce is not 32'],
    ['a nonce with padding', 0, (hello) => ({ ...hello, nonce: `${hello.nonce}=` }), 'one spelling'],
    ['a nonce with white space', 0, (hello) => ({ ...hello, nonce: `${hello.nonce} ` }), 'one spelling'],
    [
      'a nonce in the other alphabet',
      0,
      (hello) => ({ ...hello, nonce: Buffer.alloc(32, 0xfb).toString('base64').replace('=', '') }),
      'one spelling',
    ],
    [
      'a nonce with spare bits',
      0,
      (hello) => ({ ...hello, nonce: `${text(Buffer.alloc(32)).slice(0, 42)}B` }),
      'one spelling',
    ],
    ['a key of another length', 0, (hello) => ({ ...hello, key: text(randomBytes(45)) }), 'key is not 44'],
    ['a key that is none', 0, (hello) => ({ ...hello, key: text(randomBytes(44)) }), 'no Ed25519 key'],
    ['a key of small order', 0, (hello) => ({ ...hello, key: spki(Buffer.alloc(32)) }), 'small order'],
    ['a key that is not canonical', 0, (hello) => ({ ...hello, key: spki(Buffer.alloc(32, 0xff)) }), 'canonical'],
    ['a proof first', 0, () => ({ type: 'KeyProof', sig: text(randomBytes(64)) }), '"KeyProof" in the state hello'],
    ['ready first', 0, () => ({ type: 'KeyReady' }), '"KeyReady" in the state hello'],
    ['a message', 0, () => ({ type: 'PureMessage', message: 'hi' }), '"PureMessage" in the state hello'],
    ['its own key', 1, (challenge) => ({ ...challenge, key: text(alice.publicKey) }), 'the key of this node'],
    ['a third one’s key', 1, (challenge) => ({ ...challenge, key: text(mallory.publicKey) }), 'not that of the key'],
    ['no signature', 1, ({ sig: _, ...challenge }) => challenge, 'other fields'],
    ['a short signature', 1, (challenge) => ({ ...challenge, sig: text(randomBytes(63)) }), 'signature is not 64'],
    ['a forged signature', 1, (challenge) => ({ ...challenge, sig: text(randomBytes(64)) }), 'not that of the key'],
    [
      'the forged signature of a small point',
      1,
      (challenge) => ({
        ...challenge,
        key: spki(Buffer.concat([Buffer.of(1), Buffer.alloc(31)])),
        sig: text(Buffer.concat([Buffer.of(1), Buffer.alloc(63)])),
      }),
      'small order',
    ],
    ['hello for hello', 1, () => run().said[0]!, '"KeyHello" in the state challenge'],
    ['ready for hello', 1, () => ({ type: 'KeyReady' }), '"KeyReady" in the state challenge'],
    ['hello twice', 2, () => run().said[0]!, '"KeyHello" in the state proof'],
    ['a proof with more', 2, (proof) => ({ ...proof, v: 1 }), 'other fields'],
    ['a forged proof', 2, (proof) => ({ ...proof, sig: text(randomBytes(64)) }), 'not that of the key'],
    ['ready with more', 3, (ready) => ({ ...ready, ok: true }), 'other fields'],
    ['another challenge', 3, () => run().said[1]!, '"KeyChallenge" in the state ready'],
    ['a message before ready', 3, () => ({ type: 'PureMessage', message: 'hi' }), '"PureMessage" in the state ready'],
  ]
  for (const [what, nth, change, words] of rows)
    it(`by ${what}, fails, and stays so`, () => {
      const done = run({}, {}, (packet, n) => (n === nth ? change(packet as never) : packet))
      expect(done.error?.message ?? 'believed').to.include(words)
      const side = nth % 2 === 0 ? done.answerer : done.dialler
      for (const packet of run().said) expect(() => side.hear(packet)).to.throw('in the state failed')
      expect(side.isOver).to.equal(false)
    })

  it('of nonces that are the same on both sides, fails', () => {
    const nonce = randomBytes(32)
    expect(run({ nonce }, { nonce }).error?.message).to.include('our nonce back')
  })

  it('by somebody else than was expected, fails before it has signed anything', () => {
    const done = run({ expected: idOf(mallory) })
    expect(done.error).to.include({ code: 'E_WRONG_PEER' })
    expect(typesOf(done)).to.deep.equal(['KeyHello', 'KeyChallenge'])
  })

  it('by another key than the transport proved, fails', () => {
    const done = run({ proved: idOf(bob) }, { proved: idOf(mallory) })
    expect(done.error?.message).to.include('another key than the one that the transport proved')
    expect(isOver(done)).to.deep.equal([false, false])
  })

  it('of a transport that proved only to one of the two, fails on both', () => {
    expect(isOver(run({ proved: idOf(bob) }, {}))).to.deep.equal([false, false])
    const other = run({}, { proved: idOf(alice) })
    expect(other.dialler.isOver).to.equal(false)
  })

  it('the same again when it is over, fails', () => {
    const done = run()
    expect(() => done.answerer.hear(done.said[2]!)).to.throw('in the state over')
    expect(() => done.dialler.hear(done.said[3]!)).to.throw('in the state over')
  })
})
