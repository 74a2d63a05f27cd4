/**
 * One node of the demo: composed from p2pnet.config.ts, driven by the main process.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PeerNetwork, type ReceivedFile } from 'p2pnet'
import type { Answers, FromMain, FromNode, Questions } from './protocol.ts'

const [, , dataDir = '.p2pnet'] = process.argv
const config = fileURLToPath(new URL('../../../p2pnet.config.ts', import.meta.url))
const tell = (message: FromNode) => {
  if (process.connected) process.send?.(message)
}

const network = await PeerNetwork.create(config, { dataDir }).catch((error: unknown) => {
  tell({ answer: 'failed', details: { message: String(error) } })
  process.disconnect()
  process.exit(1)
})
const files: ReceivedFile[] = []
let messages = 0
network.on('message', () => messages++)
network.on('fileReceived', (file) => files.push(file))
network.on('pluginFailed', ({ plugin, hook, error }) => {
  tell({ answer: 'failed', details: { message: `plugin ${plugin} failed in ${hook}: ${error.message}` } })
})

/** Resolves when `check` is true, looked at whenever something happens. */
function until(check: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!check()) return
      for (const event of events) network.off(event, look)
      resolve()
    }
    const events = ['candidate', 'peerAdded', 'trustChanged', 'message', 'fileReceived'] as const
    for (const event of events) network.on(event, look)
    look()
  })
}

const answers: { [Q in keyof Questions]: (details: Questions[Q]) => Promise<Answers[Q]> } = {
  async discover({ peers }) {
    const known = () => peers.filter((peer) => network.knownPeers.get(peer) !== undefined).length
    await until(() => known() === peers.length)
    return { count: known(), at: Date.now() }
  },
  async trust({ peers }) {
    const trusted = () => network.trustedChannels.filter(({ peer }) => peers.includes(peer.identifier ?? '')).length
    await until(() => trusted() === peers.length)
    return { count: trusted(), at: Date.now() }
  },
  async hear({ count }) {
    await until(() => messages >= count)
    return { count: messages }
  },
  async greet() {
    await network.use('distribution').queuePacket({ type: 'PureMessage', message: `Hello from ${network.identifier}` })
    return {}
  },
  async receive({ name }) {
    const arrived = () => files.find((file) => file.name === name)
    await until(() => arrived() !== undefined)
    const at = Date.now()
    const { id, size } = arrived() as ReceivedFile
    // What stands on disk, not what the transfer says of it.
    const hash = createHash('sha256')
    for await (const chunk of network.use('files').createReadStream(id)) hash.update(chunk as Uint8Array)
    return { at, size, sha256: hash.digest('hex') }
  },
  async send({ path }) {
    const hash = createHash('sha256')
    for await (const chunk of createReadStream(path, { highWaterMark: 1_048_576 })) hash.update(chunk as Uint8Array)
    const startedAt = Date.now()
    const sent = new Map<string, number>()
    const rows = await network.use('distribution').distributeFile(path, {
      onProgress(progress) {
        sent.set(progress.peer, progress.sent)
        tell({ answer: 'progress', details: { sent: [...sent.values()].reduce((sum, bytes) => sum + bytes, 0) } })
      },
    })
    const failed = rows.find(({ ok }) => !ok)
    if (failed !== undefined) throw new Error(`the file did not reach ${failed.peer}: ${failed.error?.message ?? ''}`)
    return { startedAt, sha256: hash.digest('hex') }
  },
}

process.on('message', ({ question, details }: FromMain) => {
  answers[question](details as never).then(
    (answer) => {
      tell({ answer: question, details: answer } as FromNode)
    },
    (error: unknown) => {
      tell({ answer: 'failed', details: { message: String(error) } })
    },
  )
})
process.once('disconnect', () => {
  void network.stop()
})

try {
  await network.start()
  tell({ answer: 'started', details: { identifier: network.identifier, at: Date.now() } })
} catch (error) {
  tell({ answer: 'failed', details: { message: String(error) } })
  process.disconnect()
}
