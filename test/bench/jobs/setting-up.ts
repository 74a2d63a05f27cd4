/**
 * One end sets up links, one to each address at once, sends a unit over each and closes them, again and again. What is
 * timed ends when the links can be used.
 */
import type { Address } from '../harness/driver.ts'
import { bodyOf, nextTurn, type End, type UnitSpec } from '../harness/end.ts'
import { percentiles } from '../harness/statistics.ts'
import { now, type Answers } from '../harness/worker-process.ts'

export interface SetUpSpec extends UnitSpec {
  readonly addresses: readonly Address[]
  /** Of setting up; closing comes on top. */
  readonly ms: number
}

export function settingUp(end: End): Answers {
  return {
    async setUp({ addresses, ms, ...unit }: SetUpSpec) {
      const body = bodyOf(unit)
      const driver = end.drivers[0] ?? (await end.driver())
      const took: number[] = []
      const connect = async (address: Address) => {
        const before = now()
        const link = await driver.connect(address, end.receive)
        took.push(now() - before)
        return link
      }
      end.startCpu()
      let spent = 0
      while (spent < ms) {
        const before = now()
        const links = await Promise.all(addresses.map(connect))
        spent += now() - before
        for (const link of links) link.send(body)
        await nextTurn() // where units of one turn are gathered, they leave at its end
        await Promise.all(links.map(async (link) => link.close?.()))
      }
      return { count: took.length, spent, ...percentiles(took), cpu: end.cpu() }
    },
  }
}
