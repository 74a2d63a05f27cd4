/**
 * A small message every two milliseconds, with the time at which it was sent, over a channel that is idle or busy with
 * bulk; the other end notes how long each was on its way.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { nextTurn, type End } from '../harness/end.ts'
import { percentiles } from '../harness/statistics.ts'
import { now, type Answers } from '../harness/worker-process.ts'

const everyMs = 2
const length = 128
const bulkBytes = 65_536

/** What shares the channel with the messages: nothing, payloads in bulk, or a file, again and again. */
export interface Beside {
  readonly bulk?: 'payloads' | 'file'
  readonly file?: string
}

export function trickling(end: End): Answers {
  let took: number[] = []
  let bulk = 0

  const pour = async ({ bulk: kind, file = '' }: Beside, isOver: () => boolean): Promise<number> => {
    const payload = Buffer.alloc(bulkBytes, 'bulk')
    let count = 0
    for (; kind !== undefined && !isOver(); count++) {
      if (kind === 'file') await end.drivers[0]?.sendFile?.(file)
      else if (!end.link.send(payload)) await end.link.drained()
      else if (count % 16 === 15) await nextTurn()
    }
    return count
  }

  return {
    async time() {
      took = []
      bulk = 0
      end.startCpu()
      end.onUnit = (arrived) => {
        if (typeof arrived !== 'string') bulk += arrived.byteLength
        else if (arrived.length === length) took.push((now() - Number.parseFloat(arrived)) * 1000)
      }
    },
    async timed({ count }: { count: number }) {
      for (let i = 0; took.length < count && i < 1000; i++) await sleep(20)
      if (took.length !== count) throw new Error(`${String(count)} messages were sent, ${String(took.length)} arrived`)
      return { ...percentiles(took), bulk, cpu: end.cpu() }
    },
    async trickle({ ms, ...beside }: Beside & { ms: number }) {
      end.startCpu()
      const startedAt = now()
      const isOver = () => now() - startedAt >= ms
      const pouring = pour(beside, isOver)
      let count = 0
      for (; !isOver(); count++) {
        end.link.send(String(now()).padEnd(length))
        await sleep(everyMs)
      }
      const poured = await pouring
      return { count, poured, ms: now() - startedAt, cpu: end.cpu() }
    },
  }
}
