/**
 * What an idle connection costs in resident memory at each end: two processes make 500, then 500 more, and each exchanges
 * a message both ways before it rests. New processes each round.
 */
import type { Address, Stack } from '../harness/driver.ts'
import { startWorker } from '../harness/pair.ts'
import type { Contender, Figures } from '../harness/rounds.ts'
import type { WorkerProcess } from '../harness/worker-process.ts'

const step = 500

interface Memory {
  readonly rss: number
  readonly heap: number
}

export function idleMemory(name: string, stack: Stack, flags: readonly string[] = []): Contender {
  return {
    name,
    async round() {
      const listener = startWorker(stack, { flags })
      const dialler = startWorker(stack, { flags })
      try {
        const [address] = await listener.ask<Address[]>('listen')
        await listener.ask('echo', { kind: 'text', length: 128 })
        const connect = (count: number) =>
          dialler.ask('exchange', { addresses: Array<unknown>(count).fill(address), length: 128 })
        // The first few pay for code that is compiled and pools that are filled.
        await connect(20)
        const watched = [await watch('listener', listener, step), await watch('dialler', dialler, step)]
        await connect(step)
        for (const end of watched) await end.atHalf()
        await connect(step)
        const figures = Object.assign({}, ...(await Promise.all(watched.map((end) => end.atFull())))) as Figures
        return { ...figures, bothFull: (figures.listenerFull ?? NaN) + (figures.diallerFull ?? NaN) }
      } finally {
        await Promise.all([dialler.close(), listener.close()])
      }
    },
  }
}

/** KiB and µs for each of twice `step` connections from now on, in figures that begin with the end's name. */
export async function watch(end: string, process: WorkerProcess, step: number) {
  const before = await process.ask<Memory>('memory')
  const since = (now: number, then: number, count: number) => (now - then) / 1024 / count
  let half = NaN
  return {
    async atHalf(): Promise<void> {
      half = since((await process.ask<Memory>('memory')).rss, before.rss, step)
      await process.ask('startCpu')
    },
    async atFull(): Promise<Figures> {
      const cpu = await process.ask<number>('cpu')
      const { rss, heap } = await process.ask<Memory>('memory')
      return {
        [`${end}Half`]: half,
        [`${end}Full`]: since(rss, before.rss, 2 * step),
        [`${end}Heap`]: since(heap, before.heap, 2 * step),
        [`${end}Cpu`]: cpu / step,
      }
    },
  }
}
