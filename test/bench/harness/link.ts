/**
 * A sender and a receiver in two processes, driven from here: `window(ms)` sends for so long and waits until all of it
 * has arrived.
 */
import type { Contender } from './rounds.ts'
import { WorkerProcess } from './worker-process.ts'

const worker = new URL('worker.ts', import.meta.url)

export interface WindowResult {
  readonly sent: number
  readonly startedAt: number
  readonly cpu: number
}
export interface ArrivedResult {
  readonly at: number
  readonly cpu: number
}

/** Units per second and CPU per unit of one driver, in windows of `ms`. */
export function throughput(name: string, driver: string, work: string, ms: number): Contender {
  let pair: Promise<[WorkerProcess, WorkerProcess]> | undefined
  const start = async (): Promise<[WorkerProcess, WorkerProcess]> => {
    const receiver = new WorkerProcess(worker, [driver, work])
    const sender = new WorkerProcess(worker, [driver, work])
    const address = await receiver.ask('listen', {})
    await sender.ask('connect', address)
    return [sender, receiver]
  }
  return {
    name,
    async round() {
      const [sender, receiver] = await (pair ??= start())
      await receiver.ask('reset', {})
      const window = (await sender.ask('window', { ms })) as WindowResult
      const arrived = (await receiver.ask('arrived', { count: window.sent })) as ArrivedResult
      return {
        perSecond: window.sent / ((arrived.at - window.startedAt) / 1000),
        senderCpu: window.cpu / window.sent,
        receiverCpu: arrived.cpu / window.sent,
      }
    },
    async close() {
      if (pair !== undefined) await Promise.all((await pair).map((process) => process.close()))
    },
  }
}
