/**
 * One end echoes, the other sends the next unit when the last has come back, and notes how long each took.
 */
import { percentiles } from '../harness/statistics.ts'
import { bodyOf, lengthOf, type End, type UnitSpec } from '../harness/end.ts'
import { now, type Answers } from '../harness/worker-process.ts'

export function echoing(end: End): Answers {
  return {
    async echo(unit: UnitSpec) {
      const body = bodyOf(unit)
      end.startCpu()
      end.onUnit = (arrived, from) => {
        // What has another length is not sent back, so that the other end notices.
        if (lengthOf(arrived) === unit.length) from.send(body)
      }
    },
    ping: ({ ms, ...unit }: UnitSpec & { ms: number }) =>
      new Promise((resolve, reject) => {
        const { link } = end
        const body = bodyOf(unit)
        const took: number[] = []
        const startedAt = now()
        let sentAt = startedAt
        const lost = setTimeout(() => {
          reject(new Error(`of ${String(took.length + 1)} units one did not come back whole`))
        }, ms + 20_000)
        end.onUnit = (arrived) => {
          if (lengthOf(arrived) !== unit.length) return
          const at = now()
          took.push((at - sentAt) * 1000)
          if (at - startedAt >= ms) {
            clearTimeout(lost)
            resolve({ ...percentiles(took), count: took.length, cpu: end.cpu() })
            return
          }
          sentAt = now()
          link.send(body)
        }
        end.startCpu()
        sentAt = now()
        link.send(body)
      }),
  }
}
