/**
 * The program of one end: makes drivers of the stack it is told, connects them, and does the jobs that are asked of it.
 */
import { broadcasting } from '../jobs/broadcasting.ts'
import { counting } from '../jobs/counting.ts'
import { echoing } from '../jobs/echoing.ts'
import { profiling } from '../jobs/profiling.ts'
import { remembering } from '../jobs/remembering.ts'
import { sending } from '../jobs/sending.ts'
import { settingUp } from '../jobs/setting-up.ts'
import { trickling } from '../jobs/trickling.ts'
import type { Address, Stack } from './driver.ts'
import { End } from './end.ts'
import { answerQuestions } from './worker-process.ts'

const [, , stack = ''] = process.argv
const end = new End(JSON.parse(stack) as Stack)

answerQuestions(
  {
    /** Listens with so many drivers, each for itself. */
    async listen({ count = 1 }: { count?: number }): Promise<Address[]> {
      const addresses: Address[] = []
      for (let i = 0; i < count; i++) addresses.push(await (await end.driver()).listen(end.receive))
      return addresses
    },
    /** Connects one driver to all of them. */
    async connect({ addresses }: { addresses: readonly Address[] }) {
      const driver = end.drivers[0] ?? (await end.driver())
      for (const address of addresses) end.links.push(await driver.connect(address, end.receive))
    },
    ...counting(end),
    ...sending(end),
    ...settingUp(end),
    ...echoing(end),
    ...trickling(end),
    ...broadcasting(end),
    ...remembering(end),
    ...profiling(),
  },
  () => end.close(),
)
