/**
 * One unit there and back, again and again: how long half of them take at most, and 99 of 100.
 */
import type { UnitSpec } from '../harness/end.ts'
import { Pair, type PairOptions } from '../harness/pair.ts'
import type { Contender } from '../harness/rounds.ts'

export interface RoundTripOptions extends PairOptions {
  readonly unit: UnitSpec
  readonly ms?: number
}

interface Pinged {
  readonly p50: number
  readonly p99: number
  readonly count: number
  readonly cpu: number
}

export function roundTrip(name: string, { unit, ms = 400, ...options }: RoundTripOptions): Contender {
  const pair = new Pair(options)
  return {
    name,
    async round() {
      const { sender, receiver } = await pair.ends
      await receiver.ask('echo', unit)
      const { p50, p99, count, cpu } = await sender.ask<Pinged>('ping', { ms, ...unit })
      const receiverCpu = await receiver.ask<number>('cpu')
      return { p50, p99, senderCpu: cpu / count, receiverCpu: receiverCpu / count }
    },
    profile: () => pair.profile(),
    renew: () => pair.close(),
    close: () => pair.close(),
  }
}
