/**
 * What an idle connection costs in resident memory where every peer has to be somebody else: a crowd in one process
 * dials one listener, and is dialled by one dialler, each new in each round. Only those two are looked at.
 */
import type { Address, Stack } from '../harness/driver.ts'
import { startWorker } from '../harness/pair.ts'
import type { Contender, Figures } from '../harness/rounds.ts'
import type { WorkerProcess } from '../harness/worker-process.ts'
import { watch } from './idle-memory.ts'

const step = 150
/** The first few pay for code that is compiled and pools that are filled. */
const warm = 20
const length = 128

export function idleMemoryInCrowd(name: string, stack: Stack, flags: readonly string[] = []): Contender {
  let started: Promise<{ crowd: WorkerProcess; addresses: readonly Address[] }> | undefined
  const start = async () => {
    const crowd = startWorker(stack)
    const addresses = await crowd.ask<Address[]>('listen', { count: warm + 2 * step })
    return { crowd, addresses }
  }
  return {
    name,
    async round() {
      const { crowd, addresses } = await (started ??= start())
      const echo = { kind: 'text', length }
      const listener = await alone(stack, flags, 'listener', async (process) => {
        const [address] = await process.ask<Address[]>('listen')
        await process.ask('echo', echo)
        return (first, last) => crowd.ask('exchangeFrom', { address, first, last, length })
      })
      await crowd.ask('echo', echo)
      const dialler = await alone(stack, flags, 'dialler', async (process) => {
        return (first, last) => process.ask('exchange', { addresses: addresses.slice(first, last), length })
      })
      return { ...listener, ...dialler }
    },
    async close() {
      const { crowd } = (await started) ?? {}
      await crowd?.close()
    },
  }
}

type Connect = (first: number, last: number) => Promise<unknown>

/** The figures of one end, in a process of its own. */
async function alone(
  stack: Stack,
  flags: readonly string[],
  end: string,
  prepare: (process: WorkerProcess) => Promise<Connect>,
): Promise<Figures> {
  const process = startWorker(stack, { flags })
  try {
    const connect = await prepare(process)
    await connect(0, warm)
    const watched = await watch(end, process, step)
    await connect(warm, warm + step)
    await watched.atHalf()
    await connect(warm + step, warm + 2 * step)
    return await watched.atFull()
  } finally {
    await process.close()
  }
}
