/**
 * The receiver counts: whole units of the right length, no more and no fewer than were sent.
 */
import type { Arrived, Link } from '../harness/driver.ts'
import { lengthOf, type End } from '../harness/end.ts'
import { now, type Answers } from '../harness/worker-process.ts'

/** So long may nothing arrive before units count as lost. */
const patienceMs = 20_000

export function counting(end: End): Answers {
  let count = 0
  let wrong = 0
  let wanted = Infinity
  let reached: (() => void) | undefined

  return {
    /** From now on units of this length are expected; `numbered` ones begin with their number, from 0 on each link. */
    async expect({ length, numbered = false }: { length: number; numbered?: boolean }) {
      count = wrong = 0
      wanted = Infinity
      const next = new Map<Link, number>()
      end.onUnit = (arrived, from) => {
        if (lengthOf(arrived) !== length) wrong++
        if (numbered) {
          const number = next.get(from) ?? 0
          if (numberOf(arrived) !== number) wrong++
          next.set(from, number + 1)
        }
        if (++count >= wanted) reached?.()
      }
      end.startCpu()
    },
    /** Answers once so many are there. */
    async arrived({ count: all }: { count: number }) {
      wanted = all
      if (count < wanted)
        await new Promise<void>((resolve, reject) => {
          let seen = count
          const timer = setInterval(() => {
            if (count === seen) reject(new Error(`${String(wanted)} units were sent, ${String(count)} arrived`))
            seen = count
          }, patienceMs)
          reached = () => {
            clearInterval(timer)
            resolve()
          }
        })
      reached = undefined
      const at = now()
      if (wrong > 0)
        throw new Error(`${String(wrong)} of ${String(count)} units arrived with a wrong length or out of order`)
      if (count > wanted) throw new Error(`${String(wanted)} units were sent, ${String(count)} arrived`)
      return { at, cpu: end.cpu() }
    },
  }
}

function numberOf(arrived: Arrived): number {
  if (!(arrived instanceof Uint8Array)) return NaN
  return new DataView(arrived.buffer, arrived.byteOffset, arrived.byteLength).getUint32(0)
}
