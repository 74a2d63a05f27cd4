/**
 * Sender or receiver of a file, in a process of its own.
 */
import { mkdir } from 'node:fs/promises'
import { fileDrivers } from '../drivers/index.ts'
import type { Address } from './driver.ts'
import { answerQuestions, now } from './worker-process.ts'

const [, , name = '', directory = ''] = process.argv
const load = fileDrivers[name]
if (load === undefined) throw new Error(`no driver ${name}`)
const { driver } = await load()
await mkdir(directory, { recursive: true })

answerQuestions(
  {
    listen: () => driver.listen(directory),
    connect: ({ addresses }: { addresses: Address[] }) => driver.connect(directory, addresses),
    async send({ file }: { file: string }) {
      const before = process.cpuUsage()
      const startedAt = now()
      await driver.send(file)
      return { startedAt, cpu: cpuSince(before) }
    },
    async arrived() {
      const before = process.cpuUsage()
      await driver.arrived()
      return { at: now(), cpu: cpuSince(before) }
    },
  },
  () => driver.close(),
)

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return user + system
}
