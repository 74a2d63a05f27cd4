/**
 * p2pnet: distributeFile over files-transfer, stored by files-mapped.
 */
import { definePlugin, PeerNetwork, TrustLevel } from 'p2pnet'
import type { FileDriver } from '../harness/driver.ts'

const trusting = definePlugin({
  name: 'handshake-at-once',
  version: '1.0.0',
  api: 1,
  setup(ctx) {
    ctx.hooks.trust.handshake.tap(() => TrustLevel.authenticated)
    ctx.hooks.trust.identifier.tap(() => Buffer.from(ctx.random.bytes(16)).toString('hex'))
  },
})

let network: PeerNetwork | undefined
let waiting: (() => void) | undefined

async function start(dataDir: string): Promise<PeerNetwork> {
  network = await PeerNetwork.create(
    {
      extends: ['p2pnet:minimal'],
      plugins: [
        { use: 'identity-default', enabled: false },
        trusting,
        'distribution',
        { use: 'files-mapped', options: { durability: 'none' } },
        'files-transfer',
      ],
    },
    { dataDir },
  )
  await network.start()
  return network
}

export const driver: FileDriver = {
  async listen(directory) {
    const node = await start(directory)
    node.on('fileReceived', ({ id }) => {
      waiting?.()
      void node.use('files').remove(id)
    })
    const [listening] = node.listening
    return { host: listening?.host ?? '', port: listening?.port ?? 0 }
  },
  async connect(directory, addresses) {
    const node = await start(directory)
    for (const address of addresses) await (await node.connect(address)).whenTrusted()
  },
  async send(file) {
    const rows = await network?.use('distribution').distributeFile(file)
    const failed = rows?.find(({ ok }) => !ok)
    if (failed !== undefined) throw new Error(failed.error?.message)
  },
  arrived: () => new Promise((resolve) => (waiting = resolve)),
  async close() {
    await network?.stop()
  },
}
