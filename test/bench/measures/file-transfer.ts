/**
 * One file to two receivers, three processes: how fast until both have it on disk, hashed.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { programHere } from '../harness/places.ts'
import { WorkerProcess } from '../harness/worker-process.ts'
import type { Contender } from '../harness/rounds.ts'

const fileWorker = programHere('file-worker')

export function fileTransfer(name: string, driver: string, bytes: number): Contender {
  let started:
    Promise<{ directory: string; file: string; sender: WorkerProcess; receivers: WorkerProcess[] }> | undefined
  const start = async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'p2pnet-bench-file-'))
    const file = path.join(directory, 'random.bin')
    await writeFile(file, randomBytes(bytes))
    const process = (role: string) => new WorkerProcess(fileWorker, [driver, path.join(directory, role)])
    const receivers = [process('one'), process('two')]
    const sender = process('sender')
    const addresses = await Promise.all(receivers.map((receiver) => receiver.ask('listen', {})))
    await sender.ask('connect', { addresses })
    return { directory, file, sender, receivers }
  }
  return {
    name,
    async round() {
      const { file, sender, receivers } = await (started ??= start())
      const arrived = Promise.all(receivers.map((receiver) => receiver.ask('arrived', {})))
      const { startedAt, cpu } = await sender.ask<{ startedAt: number; cpu: number }>('send', { file })
      const ends = (await arrived) as { at: number; cpu: number }[]
      const seconds = (Math.max(...ends.map(({ at }) => at)) - startedAt) / 1000
      const mb = bytes / 1e6
      return {
        mbPerSecond: mb / seconds,
        senderCpu: cpu / mb / ends.length,
        receiverCpu: ends.reduce((sum, end) => sum + end.cpu, 0) / mb / ends.length,
      }
    },
    async close() {
      if (started === undefined) return
      const { directory, sender, receivers } = await started
      await Promise.all([sender, ...receivers].map((process) => process.close()))
      await rm(directory, { recursive: true, force: true })
    },
  }
}
