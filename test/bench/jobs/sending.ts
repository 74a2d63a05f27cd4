/**
 * The sender sends as much as goes in a window of time, in bursts as a program would, and waits when it is told to.
 */
import { bodyOf, nextTurn, type End, type UnitSpec } from '../harness/end.ts'
import { now, type Answers } from '../harness/worker-process.ts'

/** Units handed over before the event loop gets its turn. */
const burst = 256
/** A stream that takes everything at once still has to let the event loop breathe. */
const turnMs = 2

export function sending(end: End): Answers {
  return {
    async window({ ms, ...unit }: UnitSpec & { ms: number }) {
      const { link } = end
      const body = bodyOf(unit)
      end.startCpu()
      const startedAt = now()
      const until = startedAt + ms
      let sent = 0
      let turnAt = startedAt
      for (let at = startedAt; at < until; at = now()) {
        let room = true
        for (let i = 0; i < burst && room; i++, sent++) room = link.send(body)
        if (!room) await link.drained()
        if (!room && now() - turnAt < turnMs) continue
        await nextTurn()
        turnAt = now()
      }
      return { sent, startedAt }
    },
    async startCpu() {
      end.startCpu()
    },
    async cpu() {
      return end.cpu()
    },
  }
}
