/**
 * How many channels a second somebody sets up, one after another or some at once, each to a listener of its own. A unit
 * that goes over each has to arrive, so that no set-up counts that came to nothing.
 */
import type { UnitSpec } from '../harness/end.ts'
import { Pair, type PairOptions } from '../harness/pair.ts'
import type { Contender } from '../harness/rounds.ts'

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

const unit: UnitSpec = { kind: 'text', length: 16 }

export function setUp(name: string, { stack, atOnce = 1, ms = 250 }: SetUpOptions): Contender {
  const pair = new Pair({ stack, receivers: atOnce, connects: 'later' })
  return {
    name,
    async round() {
      const { sender, receiver, addresses } = await pair.ends
      await receiver.ask('expect', unit)
      const { count, spent, p50, cpu } = await sender.ask<SetUps>('setUp', { addresses, ms, ...unit })
      const arrived = await receiver.ask<{ cpu: number }>('arrived', { count })
      return {
        perSecond: count / (spent / 1000),
        p50,
        diallerCpu: cpu / count,
        listenerCpu: arrived.cpu / count,
      }
    },
    profile: () => pair.profile(),
    renew: () => pair.close(),
    close: () => pair.close(),
  }
}
