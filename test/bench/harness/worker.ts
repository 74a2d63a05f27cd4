/**
 * One end of a link, in a process of its own: loads a driver and does what the main process asks.
 */
import type { Address, Driver, Link } from './driver.ts'
import { answerQuestions, now } from './worker-process.ts'

const [, , name = '', work = ''] = process.argv
const { driver } = (await import(`../drivers/${name}.ts`)) as { driver: Driver }

/** Units handed over before the event loop gets its turn. */
const burst = 256

let link: Link | undefined
let count = 0
let wanted = Infinity
let reached: (() => void) | undefined
let cpuBefore = process.cpuUsage()

const cpuSince = () => {
  const { user, system } = process.cpuUsage(cpuBefore)
  return user + system
}

const answers: Record<string, (details: never) => Promise<unknown>> = {
  listen: () =>
    driver.listen(work, () => {
      if (++count >= wanted) reached?.()
    }),
  async connect(address: Address) {
    link = await driver.connect(work, address)
  },
  async reset() {
    count = 0
    wanted = Infinity
    cpuBefore = process.cpuUsage()
  },
  async window({ ms }: { ms: number }) {
    if (link === undefined) throw new Error('not connected')
    cpuBefore = process.cpuUsage()
    const startedAt = now()
    let sent = 0
    while (now() - startedAt < ms) {
      let room = true
      for (let i = 0; i < burst && room; i++, sent++) room = link.send()
      if (!room) await link.drained()
      await new Promise((resolve) => setImmediate(resolve))
    }
    return { sent, startedAt, cpu: cpuSince() }
  },
  async arrived({ count: all }: { count: number }) {
    wanted = all
    if (count < wanted) await new Promise<void>((resolve) => (reached = resolve))
    reached = undefined
    return { at: now(), cpu: cpuSince() }
  },
}

answerQuestions(answers, () => driver.close())
