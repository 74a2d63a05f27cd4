/**
 * Broadcast to some who read and to one who never does: what the broadcaster holds in memory at most, and that the others
 * get everything, whole and in order. New processes each round.
 */
import type { Address, Stack } from '../harness/driver.ts'
import { startWorker } from '../harness/pair.ts'
import type { Contender } from '../harness/rounds.ts'

const readers = 3
const payloadBytes = 65_536

export function stuckPeer(name: string, stack: Stack, bytes: number): Contender {
  return {
    name,
    async round() {
      const receiver = startWorker(stack)
      const sender = startWorker(stack)
      try {
        const addresses = await receiver.ask<Address[]>('listen', { count: readers })
        addresses.push(...(await receiver.ask<Address[]>('listenAndNeverRead')))
        await sender.ask('connect', { addresses })
        await receiver.ask('expect', { length: payloadBytes, numbered: true })
        const poured = await sender.ask<Poured>('pour', { bytes, readers })
        const arrived = await receiver.ask<{ at: number; cpu: number }>('arrived', { count: poured.count * readers })
        const { peak, cpu } = await sender.ask<{ peak: number; cpu: number }>('peak')
        const stuck = await receiver.ask<number>('readAtLast')
        if (stuck === 0) throw new Error('nothing was sent to the peer that does not read')
        const mb = (poured.count * payloadBytes) / 1e6
        return {
          peak: peak / 2 ** 20,
          growth: (peak - poured.before) / 2 ** 20,
          mbPerSecond: (mb * readers) / ((arrived.at - poured.startedAt) / 1000),
          senderCpu: cpu / mb / readers,
          receiverCpu: arrived.cpu / mb / readers,
        }
      } finally {
        await Promise.all([sender.close(), receiver.close()])
      }
    },
  }
}

interface Poured {
  readonly count: number
  readonly startedAt: number
  /** Resident before it began. */
  readonly before: number
}
