/**
 * What an idle connection costs in resident memory at each end: two processes make 500, then 500 more, and each exchanges
 * a message both ways before it rests. New processes each round.
 */
import type { Address, Stack } from '../harness/driver.ts'
import { startWorker } from '../harness/pair.ts'
import type { Contender } from '../harness/rounds.ts'
import type { WorkerProcess } from '../harness/worker-process.ts'

const step = 500

export function idleMemory(name: string, stack: Stack): Contender {
  return {
    name,
    async round() {
      const listener = startWorker(stack)
      const dialler = startWorker(stack)
      try {
        const [address] = await listener.ask<Address[]>('listen')
        await listener.ask('echo', { kind: 'text', length: 128 })
        const connect = (count: number) => dialler.ask('exchange', { address, count, length: 128 })
        // The first few pay for code that is compiled and pools that are filled.
        await connect(20)
        const [listener0, dialler0] = await rssOf(listener, dialler)
        await connect(step)
        const [listener500, dialler500] = await rssOf(listener, dialler)
        await Promise.all([dialler, listener].map((process) => process.ask('startCpu')))
        await connect(step)
        const [diallerCpu = NaN, listenerCpu = NaN] = await Promise.all(
          [dialler, listener].map((process) => process.ask<number>('cpu')),
        )
        const [listener1000, dialler1000] = await rssOf(listener, dialler)
        const kib = (bytes: number, count: number) => bytes / 1024 / count
        return {
          listener500: kib(listener500 - listener0, step),
          dialler500: kib(dialler500 - dialler0, step),
          listener1000: kib(listener1000 - listener0, 2 * step),
          dialler1000: kib(dialler1000 - dialler0, 2 * step),
          both1000: kib(listener1000 + dialler1000 - listener0 - dialler0, 2 * step),
          diallerCpu: diallerCpu / step,
          listenerCpu: listenerCpu / step,
        }
      } finally {
        await Promise.all([dialler.close(), listener.close()])
      }
    },
  }
}

async function rssOf(...processes: [WorkerProcess, WorkerProcess]): Promise<[number, number]> {
  const [first, second] = await Promise.all(processes.map((process) => process.ask<number>('rss')))
  return [first ?? NaN, second ?? NaN]
}
