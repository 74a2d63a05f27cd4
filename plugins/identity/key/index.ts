/**
 * identity-key: the node is whoever holds the Ed25519 key in its data directory, and its identifier is the hash of that
 * key. The key is made at the first start. Others can prove theirs in the same way: the `keys` capability signs, and
 * verifies what they signed.
 */
import { sign, verify, type KeyObject } from 'node:crypto'
import { definePlugin, P2PNetError, type Keys, type PluginContext } from '../../../core/index.ts'
import { keyErrors } from './key-errors.ts'
import { createKeyIds } from './key-ids.ts'
import { keyFileIn, makeKeyFile, readKeyFile, spkiOf } from './key-file.ts'
import { keyIdOf, readPublicKey } from './public-keys.ts'

interface OwnKey {
  readonly privateKey: KeyObject
  readonly publicKey: Uint8Array
  readonly identifier: string
}

/** The key of each node, once it is there. */
const owned = new WeakMap<PluginContext, OwnKey>()

const signatureBytes = 64

/** Out here, because tsc rewrites no import() inside of `export default`. */
const commands = { keys: () => import('./cli.ts') }

export default definePlugin({
  name: 'identity-key',
  version: '0.1.0',
  api: 1,
  provides: ['identity', 'keys'],
  errors: keyErrors,
  commands,

  setup(ctx) {
    const own = () => ownKey(ctx)
    ctx.provide('keys', keysOf(own))
    ctx.provide('identity', {
      get identifier() {
        return ctx.network.identifier
      },
      refuses(identifier) {
        if (identifier === own().identifier) return undefined
        return { code: 'E_NOT_ALLOWED', reason: 'the identifier is that of the key, and no other can be assigned' }
      },
    })
    ctx.hooks.trust.identifier.tapPromise(async () => (await loadKey(ctx)).identifier)
  },

  async start(ctx) {
    // Nobody asked for it if somebody else had named the node before.
    const { identifier } = owned.get(ctx) ?? (await loadKey(ctx))
    if (ctx.network.identifier === identifier) return
    const words = `setIdentifier names this node ${JSON.stringify(ctx.network.identifier.slice(0, 64))}, and its key ${identifier}`
    throw new P2PNetError('E_CONFIG_INVALID', words, {
      remedy: 'Leave setIdentifier out, or use identity-default in place of identity-key.',
    })
  },
})

function ownKey(ctx: PluginContext): OwnKey {
  const own = owned.get(ctx)
  if (own !== undefined) return own
  throw new P2PNetError('E_STATE', 'the node has no key before it starts', { remedy: 'Use keys once the node runs.' })
}

async function loadKey(ctx: PluginContext): Promise<OwnKey> {
  const { settings, log, random } = ctx
  const file = keyFileIn(settings.dataDir)
  let privateKey = await readKeyFile(file)
  if (privateKey === undefined) {
    privateKey = await makeKeyFile(file, Buffer.from(random.bytes(8)).toString('hex'))
    log.info('a key was made: it is who this node is; keep it', { file })
  }
  const publicKey = spkiOf(privateKey)
  const own: OwnKey = { privateKey, publicKey, identifier: keyIdOf(publicKey) }
  owned.set(ctx, own)
  return own
}

function keysOf(own: () => OwnKey): Keys {
  return {
    get publicKey() {
      return Uint8Array.from(own().publicKey)
    },
    get privateKey() {
      return own().privateKey
    },
    sign: (bytes) => sign(null, bytes, own().privateKey),
    verify(bytes, signature, publicKey) {
      const key = readPublicKey(publicKey)
      return signature.byteLength === signatureBytes && verify(null, bytes, key, signature)
    },
    keyId: createKeyIds(),
  }
}
