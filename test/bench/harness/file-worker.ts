/**
 * Sender or receiver of a file, in a process of its own.
 */
import { mkdir } from 'node:fs/promises'
import type { Address, FileDriver } from './driver.ts'
import { answerQuestions, now } from './worker-process.ts'

const [, , name = '', directory = ''] = process.argv
const { driver } = (await import(`../drivers/${name}.ts`)) as { driver: FileDriver }
await mkdir(directory, { recursive: true })

answerQuestions(
  {
    listen: () => driver.listen(directory),
    connect: ({ addresses }: { addresses: Address[] }) => driver.connect(directory, addresses),
    async send({ file }: { file: string }) {
      const startedAt = now()
      await driver.send(file)
      return { startedAt }
    },
    async arrived() {
      await driver.arrived()
      return { at: now() }
    },
  },
  () => driver.close(),
)
