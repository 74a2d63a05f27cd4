/**
 * How long a small message is on its way, one way, over a channel that it has for itself or shares with bulk. All the
 * contenders use the same channel, in turn.
 */
import type { Pair } from '../harness/pair.ts'
import type { Contender } from '../harness/rounds.ts'
import type { Beside } from '../jobs/trickling.ts'

interface Trickled {
  readonly count: number
  /** Payloads or files. */
  readonly poured: number
  readonly ms: number
  readonly cpu: number
}
interface Timed {
  readonly p50: number
  readonly p99: number
  readonly bulk: number
  readonly cpu: number
}

export function besideBulk(pair: Pair, name: string, beside: Beside, fileBytes = 0, ms = 500): Contender {
  return {
    name,
    async round() {
      const { sender, receiver } = await pair.ends
      await receiver.ask('time')
      const sent = await sender.ask<Trickled>('trickle', { ms, ...beside })
      const timed = await receiver.ask<Timed>('timed', { count: sent.count })
      const bulk = beside.bulk === 'file' ? sent.poured * fileBytes : timed.bulk
      return {
        p50: timed.p50,
        p99: timed.p99,
        mbPerSecond: bulk / 1e3 / sent.ms,
        senderCpu: (100 * sent.cpu) / 1000 / sent.ms,
        receiverCpu: (100 * timed.cpu) / 1000 / sent.ms,
      }
    },
    renew: () => pair.close(),
    close: () => pair.close(),
  }
}
