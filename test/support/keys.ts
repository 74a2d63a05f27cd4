/** A key of the test's own, and the plugin that names a node after it, as identity-key does. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import { definePlugin, P2PNetError, type Keys, type Plugin } from 'p2pnet'

const spkiHead = Buffer.from('302a300506032b6570032100', 'hex')

/** Encodings of the points of small order that are less than p; the rest is spelled otherwise. */
export const smallOrderPoints = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
]

export const spkiOf = (point: Uint8Array): Buffer => Buffer.concat([spkiHead, point])

export interface TestKeys extends Keys {
  readonly privateKey: KeyObject
  readonly identifier: string
}

export function testKeys(privateKey: KeyObject = generateKeyPairSync('ed25519').privateKey): TestKeys {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const keyId = (key: Uint8Array) => {
    const point = Buffer.from(key).subarray(spkiHead.length)
    if (!spkiOf(point).equals(key) || point.length !== 32)
      throw new P2PNetError('E_KEY_INVALID', 'the key is no canonical SPKI')
    if (smallOrderPoints.includes(point.toString('hex')))
      throw new P2PNetError('E_KEY_INVALID', 'the key is of small order')
    return createHash('sha256').update(key).digest('base64url')
  }
  return {
    publicKey,
    privateKey,
    identifier: keyId(publicKey),
    keyId,
    sign: (bytes) => sign(null, bytes, privateKey),
    verify(bytes, signature, key) {
      keyId(key)
      return verify(null, bytes, { key: Buffer.from(key), format: 'der', type: 'spki' }, signature)
    },
  }
}

/** A node is named by its key. */
export function keysPlugin(keys: Keys = testKeys()): Plugin {
  return definePlugin({
    name: 'keys-fixed',
    version: '1.0.0',
    api: 1,
    provides: ['keys'],
    setup(ctx) {
      ctx.provide('keys', keys)
      ctx.hooks.trust.identifier.tap(() => keys.keyId(keys.publicKey))
    },
  })
}

/** The key of a seed, so that two runs have the same. */
export function seededKey(seed: number): KeyObject {
  const head = Buffer.from('302e020100300506032b657004220420', 'hex')
  return createPrivateKey({ key: Buffer.concat([head, Buffer.alloc(32, seed)]), format: 'der', type: 'pkcs8' })
}
