/**
 * p2pnet over transport-tcp and wire-binary, the whole pipeline: hooks, schema, origin, admission, event.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { definePlugin, PeerNetwork, TrustLevel } from 'p2pnet'
import { text, type Driver } from '../harness/driver.ts'

const trusting = definePlugin({
  name: 'handshake-at-once',
  version: '1.0.0',
  api: 1,
  setup(ctx) {
    ctx.hooks.trust.handshake.tap(() => TrustLevel.authenticated)
    ctx.hooks.trust.identifier.tap(() => Buffer.from(ctx.random.bytes(16)).toString('hex'))
  },
})

let directory = ''
let network: PeerNetwork | undefined

async function start(): Promise<PeerNetwork> {
  directory = await mkdtemp(path.join(tmpdir(), 'p2pnet-bench-'))
  network = await PeerNetwork.create(
    {
      extends: ['p2pnet:minimal'],
      limits: { messagesPerSecond: 'unlimited' },
      plugins: [{ use: 'identity-default', enabled: false }, trusting],
    },
    { dataDir: directory },
  )
  await network.start()
  return network
}

export const driver: Driver = {
  async listen(_work, onUnit) {
    const node = await start()
    node.on('message', (message) => {
      if (message.length === text.length) onUnit()
    })
    const [listening] = node.listening
    return { host: listening?.host ?? '', port: listening?.port ?? 0 }
  },

  async connect(_work, address) {
    const node = await start()
    const channel = await node.connect(address)
    await channel.whenTrusted()
    return {
      send: () => channel.post({ type: 'PureMessage', message: text }),
      drained: () => channel.drained(),
    }
  },

  async close() {
    await network?.stop()
    await rm(directory, { recursive: true, force: true })
  },
}
