/**
 * How many channels a second somebody sets up, one after another or some at once, each to a listener of its own. A unit
 * that goes over each has to arrive, so that no set-up counts that came to nothing.
 */
import type { UnitSpec } from '../harness/end.ts'
import { Pair, type Ends, type PairOptions } from '../harness/pair.ts'
import type { Contender, Figures } from '../harness/rounds.ts'

export interface SetUpOptions extends Pick<PairOptions, 'stack'> {
  /** Default 1. */
  readonly atOnce?: number
  readonly ms?: number
}

interface SetUps {
  readonly count: number
  /** In ms. */
  readonly spent: number
  readonly p50: number
  readonly p99: number
  readonly cpu: number
}

/** Hundreds of set-ups go by before their code is compiled, more than the rounds that do not count would make. */
const warmMs = 1000

const unit: UnitSpec = { kind: 'text', length: 16 }

export function setUp(name: string, { stack, atOnce = 1, ms = 250 }: SetUpOptions): Contender {
  const pair = new Pair({ stack, receivers: atOnce, connects: 'later' })
  const warm = new WeakSet<Ends>()
  return {
    name,
    async round() {
      const ends = await pair.ends
      if (!warm.has(ends)) await work(ends, warmMs)
      warm.add(ends)
      return work(ends, ms)
    },
    profile: () => pair.profile(),
    renew: () => pair.close(),
    close: () => pair.close(),
  }
}

async function work({ sender, receiver, addresses }: Ends, ms: number): Promise<Figures> {
  await receiver.ask('expect', unit)
  const { count, spent, p50, cpu } = await sender.ask<SetUps>('setUp', { addresses, ms, ...unit })
  const arrived = await receiver.ask<{ cpu: number }>('arrived', { count })
  return {
    perSecond: count / (spent / 1000),
    p50,
    diallerCpu: cpu / count,
    listenerCpu: arrived.cpu / count,
  }
}
