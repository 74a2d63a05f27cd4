/**
 * A sender and a receiver in two processes, made when they are first needed and connected by the stack that is measured.
 */
import type { HotSpot } from '../jobs/profiling.ts'
import type { Address, Stack } from './driver.ts'
import { programHere } from './places.ts'
import { WorkerProcess, type WorkerOptions } from './worker-process.ts'

const program = programHere('worker')
/** Functions that a profile names. */
const hotSpots = 15

export interface PairOptions {
  readonly stack: Stack
  /** How many drivers the receiver runs, each connected to the sender; default 1. */
  readonly receivers?: number
  /** Cores of sender and receiver; default any. */
  readonly cores?: readonly [number, number] | undefined
  /** Whether they are connected from the beginning, or what is measured connects them. */
  readonly connects?: 'first' | 'later'
}

export interface Ends {
  /** Where the receiver's drivers listen. */
  readonly addresses: readonly Address[]
  readonly sender: WorkerProcess
  readonly receiver: WorkerProcess
}

export const startWorker = (stack: Stack, options: WorkerOptions = {}): WorkerProcess =>
  new WorkerProcess(program, [JSON.stringify(stack)], options)

export class Pair {
  readonly #options: PairOptions
  #ends: Promise<Ends> | undefined

  constructor(options: PairOptions) {
    this.#options = options
  }

  get ends(): Promise<Ends> {
    return (this.#ends ??= this.#start())
  }

  async #start(): Promise<Ends> {
    const { stack, cores, receivers = 1, connects = 'first' } = this.#options
    const receiver = startWorker(stack, { core: cores?.[1], keepsMemory: true })
    const sender = startWorker(stack, { core: cores?.[0], keepsMemory: true })
    const addresses = await receiver.ask<Address[]>('listen', { count: receivers })
    if (connects === 'first') await sender.ask('connect', { addresses })
    if (process.env.BENCH_PROFILE !== undefined)
      await Promise.all([sender, receiver].map((process) => process.ask('profile')))
    return { sender, receiver, addresses }
  }

  async profile(): Promise<Record<string, readonly HotSpot[]>> {
    const { sender, receiver } = await this.ends
    return {
      sender: await sender.ask('hotSpots', { count: hotSpots }),
      receiver: await receiver.ask('hotSpots', { count: hotSpots }),
    }
  }

  async close(): Promise<void> {
    if (this.#ends === undefined) return
    const { sender, receiver } = await this.#ends
    this.#ends = undefined
    await Promise.all([sender.close(), receiver.close()])
  }
}
