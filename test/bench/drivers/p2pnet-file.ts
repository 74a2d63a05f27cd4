/**
 * p2pnet: distributeFile over files-transfer, stored by files-mapped.
 */
import type { PeerNetwork } from 'p2pnet'
import type { FileDriver } from '../harness/driver.ts'
import { startNode } from './p2pnet-node.ts'

let network: PeerNetwork | undefined
let stop: (() => Promise<void>) | undefined
let waiting: (() => void) | undefined

async function start(directory: string): Promise<PeerNetwork> {
  const started = await startNode(
    ['distribution', { use: 'files-mapped', options: { durability: 'none' } }, 'files-transfer'],
    { parent: directory },
  )
  stop = started.stop
  return (network = started.node)
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
    await stop?.()
  },
}
