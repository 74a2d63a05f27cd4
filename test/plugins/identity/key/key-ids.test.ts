import { generateKeyPairSync } from 'node:crypto'
import { expect } from 'chai'
import { createKeyIds } from '../../../../plugins/identity/key/key-ids.ts'
import { keyIdOf } from '../../../../plugins/identity/key/public-keys.ts'

const makeKey = () => generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' })

describe('the identifiers of keys that were read', () => {
  it('are those of the keys, at the first time, the second, and after many others', () => {
    const keyId = createKeyIds()
    const keys = Array.from({ length: 300 }, makeKey)
    for (let time = 0; time < 2; time++) for (const key of keys) expect(keyId(key)).to.equal(keyIdOf(key))
    expect(keyId(Uint8Array.from(keys[299] ?? []))).to.equal(keyIdOf(keys[299] ?? new Uint8Array()))
  })

  it('are refused to a bad key as often as it is read', () => {
    const keyId = createKeyIds()
    const bad = makeKey().fill(0, 12)
    for (let time = 0; time < 3; time++)
      expect(() => keyId(bad))
        .to.throw()
        .with.property('code', 'E_KEY_INVALID')
    expect(() => keyId('no bytes' as unknown as Uint8Array))
      .to.throw()
      .with.property('code', 'E_KEY_INVALID')
  })

  it('do not change with the buffer that a key was read from', () => {
    const keyId = createKeyIds()
    const [one, other] = [makeKey(), makeKey()]
    const buffer = Buffer.from(one)
    keyId(buffer)
    buffer.set(other)
    expect(keyId(buffer)).to.equal(keyIdOf(other))
  })
})
