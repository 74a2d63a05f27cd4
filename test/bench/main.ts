/**
 * `npm run bench [-- NAME…] [--rounds N]`: measures the built package against bare Node in the same run. Prints tables
 * and never fails because a machine is slow.
 */
import { cpus } from 'node:os'
import type { Entry } from './harness/entry.ts'
import { rowsOf, tableOf } from './harness/report.ts'
import { runRounds } from './harness/rounds.ts'
import { file } from './entries/file.ts'
import { messages } from './entries/messages.ts'
import { start } from './entries/start.ts'

const entries: readonly Entry[] = [messages, start, file]

const args = process.argv.slice(2)
const at = args.indexOf('--rounds')
const rounds = at < 0 ? undefined : Number(args.splice(at, 2)[1])
const unknown = args.filter((name) => !entries.some((entry) => entry.name === name))
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}; there are ${entries.map(({ name }) => name).join(', ')}.`)
  process.exit(2)
}

console.log(`Node ${process.version}, ${String(cpus().length)} cores, ${cpus()[0]?.model ?? ''}`)
for (const entry of entries) {
  if (args.length > 0 && !args.includes(entry.name)) continue
  const count = rounds ?? entry.rounds
  const results = await runRounds(await entry.contenders(), count, (round) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${entry.name}: round ${String(round)} of ${String(count)} `)
  })
  if (process.stderr.isTTY) process.stderr.write('\r')
  console.log(
    `${tableOf(entry.title, rowsOf(results, entry.columns), entry.columns)}\n${String(count)} rounds in turn.\n`,
  )
}
