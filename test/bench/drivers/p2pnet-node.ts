/**
 * A node to be measured: the minimal preset and a handshake that trusts whoever comes, so that what is measured is the
 * way of a packet. Rates and counts are 'unlimited', since a peer that is measured is faster than any honest one.
 */
import { rm, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { definePlugin, PeerNetwork, TrustLevel, type Config } from 'p2pnet'

type Plugins = NonNullable<Config['plugins']>

const trusting = definePlugin({
  name: 'handshake-at-once',
  version: '1.0.0',
  api: 1,
  setup(ctx) {
    ctx.hooks.trust.handshake.tap(() => TrustLevel.authenticated)
    ctx.hooks.trust.identifier.tap(() => Buffer.from(ctx.random.bytes(16)).toString('hex'))
  },
})

const unlimited = 'unlimited' as const

/** `secure`: keys, TLS and the proof of the recommended preset, in place of what trusts whoever comes. */
export type Security = 'secure' | 'none'

const securityOf: Record<Security, Plugins> = {
  none: [{ use: 'identity-default', enabled: false }, trusting],
  secure: [
    { use: 'transport-tcp', enabled: false },
    { use: 'identity-default', enabled: false },
    'identity-key',
    'transport-tls',
    'handshake-key',
  ],
}

export interface NodeOptions {
  readonly limits?: Config['limits']
  readonly security?: Security
  /** Where its data directory is made. */
  readonly parent?: string
}

/** Its data directory is a new one in `parent`, gone again when it stops. */
export async function startNode(
  plugins: Plugins,
  { limits = {}, security = 'none', parent = tmpdir() }: NodeOptions = {},
): Promise<{ node: PeerNetwork; stop: () => Promise<void> }> {
  const dataDir = await mkdtemp(path.join(parent, 'p2pnet-bench-'))
  const node = await PeerNetwork.create(
    {
      extends: ['p2pnet:minimal'],
      limits: {
        messagesPerSecond: unlimited,
        maxConnections: unlimited,
        maxInbound: unlimited,
        maxOutbound: unlimited,
        perAddress: unlimited,
        pendingHandshakes: unlimited,
        ...limits,
      },
      plugins: [...securityOf[security], ...plugins],
    },
    { dataDir },
  )
  await node.start()
  const stop = async () => {
    await node.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
  return { node, stop }
}

/** Is there a built-in plugin of this name in the package that is measured? */
export async function hasPlugin(use: string): Promise<boolean> {
  try {
    await PeerNetwork.create({ extends: ['p2pnet:minimal'], plugins: [use] })
    return true
  } catch (error) {
    if ((error as { code?: string }).code === 'E_PLUGIN_NOT_FOUND') return false
    throw error
  }
}
