// The keys of others: one spelling each, and none for which a signature verifies that nobody made.
import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { expect } from 'chai'
import { keyIdOf, readPublicKey } from '../../../../plugins/identity/key/public-keys.ts'

const p = 2n ** 255n - 19n
const prefix = Buffer.from('302a300506032b6570032100', 'hex')
const point = (y: bigint, sign = 0): Buffer => {
  const bytes = Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse()
  bytes[31]! |= sign << 7
  return bytes
}
const spki = (bytes: Buffer): Buffer => Buffer.concat([prefix, bytes])

// The arithmetic of RFC 8032, to find the points rather than to believe a list of them.
const mod = (a: bigint) => ((a % p) + p) % p
const power = (base: bigint, exponent: bigint): bigint => {
  let result = 1n
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b)) if (e & 1n) result = mod(result * b)
  return result
}
const inverse = (a: bigint) => power(a, p - 2n)
const d = mod(-121665n * inverse(121666n))
type Point = readonly [x: bigint, y: bigint]
const add = ([x1, y1]: Point, [x2, y2]: Point): Point => {
  const t = mod(d * x1 * x2 * y1 * y2)
  return [mod((x1 * y2 + x2 * y1) * inverse(1n + t)), mod((y1 * y2 + x1 * x2) * inverse(1n - t))]
}
const times = (n: bigint, of: Point): Point => {
  let sum: Point = [0n, 1n]
  for (let e = n, q = of; e > 0n; e >>= 1n, q = add(q, q)) if (e & 1n) sum = add(sum, q)
  return sum
}
const onCurve = (y: bigint): Point | undefined => {
  const u = mod(y * y - 1n)
  const v = mod(d * y * y + 1n)
  let x = mod(u * v ** 3n * power(u * v ** 7n, (p - 5n) / 8n))
  if (mod(v * x * x) !== u) x = mod(x * power(2n, (p - 1n) / 4n))
  return mod(v * x * x) === u ? [x, y] : undefined
}
/** Of the subgroup of order 8: a point times the large prime order generates it. */
const order = 2n ** 252n + 27742317777372353535851937790883648493n
function smallPoints(): Point[] {
  for (let y = 2n; ; y++) {
    const found = onCurve(y)
    if (found === undefined) continue
    const small = times(order, found)
    const [x4, y4] = times(4n, small)
    if (x4 === 0n && y4 === 1n) continue
    return Array.from({ length: 8 }, (_, i) => times(BigInt(i), small))
  }
}
const small = smallPoints()
const encodings = small.map(([x, y]) => point(y, Number(x & 1n)))

const code = (work: () => unknown): string => {
  try {
    work()
    return 'nothing thrown'
  } catch (error) {
    return (error as { code: string }).code
  }
}

/** Node verifies with it, if it can read it. */
const nodeVerifies = (key: Buffer, message: Buffer, signature: Buffer): boolean => {
  try {
    return verify(null, message, createPublicKey({ key, format: 'der', type: 'spki' }), signature)
  } catch {
    return false
  }
}

describe('a public key', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const good = publicKey.export({ format: 'der', type: 'spki' })

  it('has the base64url of the SHA-256 of its SPKI for an id', () => {
    expect(keyIdOf(good)).to.equal(createHash('sha256').update(good).digest('base64url')).and.have.lengthOf(43)
    expect(readPublicKey(Uint8Array.from(good)).equals(publicKey)).to.equal(true)
    expect(verify(null, Buffer.from('x'), readPublicKey(good), sign(null, Buffer.from('x'), privateKey))).to.equal(true)
  })

  it('of RFC 8032, test 1, is good, and so are the largest y and its neighbours that are canonical', () => {
    expect(
      keyIdOf(spki(Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex'))),
    ).to.have.lengthOf(43)
    for (const y of [2n, 3n, p - 2n, p - 3n])
      for (const sign of [0, 1]) expect(keyIdOf(spki(point(y, sign)))).to.have.lengthOf(43)
  })

  it('is refused for each of the eight points of small order', () => {
    expect(new Set(encodings.map((bytes) => bytes.toString('hex'))).size).to.equal(8)
    for (const bytes of encodings) {
      expect(code(() => keyIdOf(spki(bytes)))).to.equal('E_KEY_INVALID')
      expect(code(() => readPublicKey(spki(bytes)))).to.equal('E_KEY_INVALID')
    }
  })

  it('is refused for the eight points with the other sign of x', () => {
    for (const bytes of encodings) {
      const other = Buffer.from(bytes)
      other[31]! ^= 0x80
      expect(
        code(() => readPublicKey(spki(other))),
        other.toString('hex'),
      ).to.equal('E_KEY_INVALID')
    }
  })

  it('is refused for every y that is not below p, with either sign', () => {
    for (let y = p; y < 2n ** 255n; y++)
      for (const sign of [0, 1]) expect(code(() => keyIdOf(spki(point(y, sign))))).to.equal('E_KEY_INVALID')
  })

  it('lets no forged signature, R the identity and S nothing, verify: the points it would for are no keys', () => {
    const forged = Buffer.concat([point(1n), Buffer.alloc(32)])
    let accepted = 0
    for (const bytes of [...encodings, point(p + 1n), point(1n, 1), point(p + 1n, 1), point(p), point(p - 1n, 1)])
      for (let i = 0; i < 32; i++) {
        if (nodeVerifies(spki(bytes), Buffer.of(i), forged)) accepted++
        expect(code(() => readPublicKey(spki(bytes)))).to.equal('E_KEY_INVALID')
      }
    expect(accepted, 'Node alone takes some of them').to.be.greaterThan(32)
  })

  const pem = (type: 'ed448' | 'x25519') =>
    generateKeyPairSync(type as 'ed448').publicKey.export({ format: 'der', type: 'spki' })
  const other: [string, Uint8Array][] = [
    ['nothing', new Uint8Array()],
    ['the raw point', good.subarray(12)],
    ['a byte too short', good.subarray(0, 43)],
    ['a byte too long', Buffer.concat([good, Buffer.of(0)])],
    ['a length in its long form', Buffer.concat([Buffer.from('30812a', 'hex'), good.subarray(2)])],
    [
      'the inner length in its long form',
      Buffer.concat([Buffer.from('302b300506032b657003812100', 'hex'), good.subarray(12)]),
    ],
    ['an indefinite length', Buffer.concat([Buffer.from('3080', 'hex'), good.subarray(2), Buffer.of(0, 0)])],
    ['unused bits', Buffer.concat([good.subarray(0, 11), Buffer.of(1), good.subarray(12)])],
    ['another algorithm of the same length (X25519)', pem('x25519')],
    ['another algorithm (Ed448)', pem('ed448')],
    [
      'parameters of the algorithm',
      Buffer.concat([Buffer.from('302c300706032b65700500032100', 'hex'), good.subarray(12)]),
    ],
    ['zeroes', new Uint8Array(44)],
  ]
  for (const [what, bytes] of other)
    it(`is refused as ${what}`, () => {
      expect(code(() => keyIdOf(bytes))).to.equal('E_KEY_INVALID')
      expect(code(() => readPublicKey(bytes))).to.equal('E_KEY_INVALID')
    })

  it('is refused with any other bit in what stands before the point', () => {
    for (let at = 0; at < prefix.byteLength; at++)
      for (let bit = 0; bit < 8; bit++) {
        const bytes = Buffer.from(good)
        bytes[at]! ^= 1 << bit
        expect(code(() => keyIdOf(bytes))).to.equal('E_KEY_INVALID')
      }
  })

  it('that is no bytes at all is refused as well', () => {
    for (const nonsense of [undefined, null, good.toString('base64'), 44, Array.from(good)])
      expect(code(() => keyIdOf(nonsense as unknown as Uint8Array))).to.equal('E_KEY_INVALID')
  })
})
