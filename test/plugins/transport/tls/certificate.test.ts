import { expect } from 'chai'
import { X509Certificate } from 'node:crypto'
import { certificateFor, toPem } from '../../../../plugins/transport/tls/certificate.ts'
import { keyIdOf } from '../../../../plugins/transport/tls/examine.ts'
import { seededKey, smallOrderPoints, spkiOf, testKeys } from '../../../support/keys.ts'
import { forge, forgedSignature, longSpelled, selfSigned } from './certificates.ts'

describe('the certificate of a node', () => {
  const keys = testKeys(seededKey(7))
  const certificate = new X509Certificate(certificateFor(keys))

  it('is self-signed by the identity key, names it, and never expires', () => {
    const { identifier, publicKey } = keys
    expect(certificate.verify(certificate.publicKey)).to.equal(true)
    expect(certificate.publicKey.export({ type: 'spki', format: 'der' })).to.deep.equal(publicKey)
    expect(certificate.subject).to.equal(`CN=${identifier}`)
    expect(certificate.issuer).to.equal(certificate.subject)
    expect(certificate.checkIssued(certificate)).to.equal(true)
    expect(certificate.validFrom).to.equal('Jan  1 00:00:00 1970 GMT')
    expect(certificate.validTo).to.equal('Dec 31 23:59:59 9999 GMT')
    expect(certificate.ca).to.equal(false)
  })

  it('has a positive serial of sixteen bytes, and is the same whenever it is made', () => {
    for (let seed = 0; seed < 64; seed++) {
      const own = testKeys(seededKey(seed))
      const once = certificateFor(own)
      expect(new X509Certificate(once).serialNumber).to.match(/^[4-7][0-9A-F]{31}$/)
      expect(certificateFor(own)).to.deep.equal(once)
      expect(new X509Certificate(toPem(once)).raw).to.deep.equal(once)
    }
  })
})

describe('a certificate that is shown', () => {
  const own = testKeys()
  const other = testKeys()
  const signature = (bytes: Uint8Array) => other.sign(bytes)
  const judged = (certificate: Uint8Array | string) => {
    try {
      return keyIdOf(new X509Certificate(certificate), own)
    } catch (error) {
      const { code, message } = error as Error & { code: string }
      return `${code} ${message}`
    }
  }

  it('yields the identifier of its key', () => {
    expect(judged(certificateFor(other))).to.equal(other.identifier)
    expect(judged(forge({ spki: other.publicKey, signature }))).to.equal(other.identifier)
  })

  for (const point of smallOrderPoints)
    it(`is refused with a key of small order: ${point.slice(0, 8)}…${point.slice(-2)}`, () => {
      const certificate = forge({ spki: spkiOf(Buffer.from(point, 'hex')), signature: () => forgedSignature })
      expect(judged(certificate)).to.equal('E_KEY_INVALID the key is of small order')
    })

  it('would pass with such a key if its signature were all that is looked at', () => {
    const [neutral] = smallOrderPoints
    const certificate = new X509Certificate(
      forge({ spki: spkiOf(Buffer.from(neutral!, 'hex')), signature: () => forgedSignature }),
    )
    expect(certificate.verify(certificate.publicKey)).to.equal(true)
  })

  const spelledOtherwise = {
    'a length that is longer than need be': longSpelled(other.publicKey),
    'a length without end': Buffer.concat([
      Buffer.from('3080', 'hex'),
      Buffer.from(other.publicKey).subarray(2),
      Buffer.alloc(2),
    ]),
  }
  for (const [name, spki] of Object.entries(spelledOtherwise))
    it(`is refused with a key that is spelled with ${name}`, () => {
      expect(judged(forge({ spki, signature }))).to.equal('E_HANDSHAKE its key is spelled otherwise than in DER')
    })

  for (const kind of ['rsa', 'ec'] as const)
    it(`is refused with a key of another kind: ${kind}`, () => {
      expect(judged(selfSigned(kind).cert)).to.equal('E_HANDSHAKE its key is not an Ed25519 key')
    })

  it("is refused with the node's own key, another's signature, or none that fits", () => {
    expect(judged(certificateFor(own))).to.equal('E_SELF it holds the key of this very node')
    const unsigned = 'E_HANDSHAKE its certificate is not signed with its own key'
    expect(judged(forge({ spki: other.publicKey, signature: (bytes) => testKeys().sign(bytes) }))).to.equal(unsigned)
    expect(judged(forge({ spki: other.publicKey, signature: () => new Uint8Array(64) }))).to.equal(unsigned)
  })
})
