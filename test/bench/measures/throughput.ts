/**
 * Units per second from one process to another, in windows of time that end when all of it has arrived, and the CPU that
 * each end spends on one.
 */
import type { UnitSpec } from '../harness/end.ts'
import { Pair, type PairOptions } from '../harness/pair.ts'
import type { Contender } from '../harness/rounds.ts'

export interface ThroughputOptions extends PairOptions {
  readonly unit: UnitSpec
  readonly ms?: number
  /** `fanOut`: each unit goes to all receivers. */
  readonly how?: 'window' | 'fanOut'
}

interface Sent {
  readonly sent: number
  readonly startedAt: number
}

export function throughput(name: string, { unit, ms = 300, how = 'window', ...options }: ThroughputOptions): Contender {
  const pair = new Pair(options)
  return {
    name,
    async round() {
      const { sender, receiver } = await pair.ends
      await receiver.ask('expect', unit)
      const { sent, startedAt } = await sender.ask<Sent>(how, { ms, ...unit })
      const arrived = await receiver.ask<{ at: number; cpu: number }>('arrived', { count: sent })
      const cpu = await sender.ask<number>('cpu')
      const seconds = (arrived.at - startedAt) / 1000
      return {
        perSecond: sent / seconds,
        mbPerSecond: (sent * unit.length) / 1e6 / seconds,
        senderCpu: cpu / sent,
        receiverCpu: arrived.cpu / sent,
      }
    },
    profile: () => pair.profile(),
    renew: () => pair.close(),
    close: () => pair.close(),
  }
}
