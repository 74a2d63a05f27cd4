/**
 * `npm run bench [-- NAME…] [--rounds N] [--only WORDS] [--profile] [--write]`: measures the built package against bare
 * Node and other stacks in the same run. Prints tables and never fails because a machine is slow; it fails when a unit is lost.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { entries } from './entries/index.ts'
import { writeDocument, type Section } from './harness/document.ts'
import type { Entry } from './harness/entry.ts'
import { cellsOf, rowsOf, tableOf, verdictsOf } from './harness/report.ts'
import { inRepository } from './harness/places.ts'
import { runRounds, type Contender } from './harness/rounds.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    /** Contenders whose names have these words in them. */
    only: { type: 'string', default: '' },
    profile: { type: 'boolean' },
    write: { type: 'boolean' },
  },
})
const names = entries.map(({ name }) => name)
const unknown = positionals.filter((name) => !names.includes(name))
if (unknown.length > 0 || (values.rounds !== undefined && !(Number(values.rounds) > 0))) {
  console.error(
    `npm run bench [-- NAME…] [--rounds N] [--only WORDS] [--profile] [--write]; names are ${names.join(', ')}.`,
  )
  process.exit(2)
}
if (!existsSync(inRepository('dist/core/index.js'))) {
  console.error('There is no dist to measure: run `npm run build`.')
  process.exit(2)
}
if (values.profile === true) process.env.BENCH_PROFILE = '1'

const sections: Section[] = []
for (const entry of entries) {
  if (positionals.length > 0 && !positionals.includes(entry.name)) continue
  try {
    sections.push(await run(entry, Number(values.rounds ?? entry.rounds)))
  } catch (error) {
    console.error(`${entry.name} failed:`, error)
    process.exitCode = 1
  }
}
if (values.write === true) await writeDocument(sections, names)

async function run(entry: Entry, rounds: number): Promise<Section> {
  const leftOut: string[] = []
  const { name, title, about, columns, goals } = entry
  const conditions = describeConditions(rounds)
  const all = await entry.contenders((line) => leftOut.push(line))
  const contenders = all.filter((contender) => contender.name.includes(values.only))
  try {
    const results = await runRounds(contenders, rounds, (round) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${name}: round ${String(round)} of ${String(rounds)} `)
    })
    if (process.stderr.isTTY) process.stderr.write('\r')
    const cells = cellsOf(title, rowsOf(results, columns), columns)
    const verdicts = verdictsOf(goals, results, columns)
    const lines = [
      tableOf(cells),
      ...verdicts.map(
        ({ what, measured, wanted, outcome }) => `${what}: ${measured}, wanted ${wanted}: ${outcome.toUpperCase()}`,
      ),
      ...leftOut,
      conditions,
    ]
    console.log(`${name}\n${lines.join('\n')}\n`)
    if (values.profile === true) await printProfiles(contenders)
    return { name, title, about, conditions, cells, verdicts, leftOut }
  } finally {
    for (const contender of all) await contender.close?.()
  }
}

async function printProfiles(contenders: readonly Contender[]): Promise<void> {
  for (const { name, profile } of contenders)
    for (const [part, spots] of Object.entries((await profile?.()) ?? {})) {
      console.log(`${name}, ${part}: self time`)
      for (const { where, share } of spots) console.log(`  ${share.toFixed(1).padStart(5)} %  ${where}`)
    }
}

function describeConditions(rounds: number): string {
  const [cpu] = cpus()
  const [load = 0] = loadavg()
  const commit = commitOf()
  return [
    `${String(rounds)} rounds`,
    `Node ${process.version}`,
    `${String(cpus().length)} cores ${cpu?.model.trim() ?? ''}`,
    `load ${load.toFixed(1)} before it`,
    new Date().toISOString().slice(0, 10),
    ...(commit === '' ? [] : [commit]),
  ].join(', ')
}

/** Which state of the sources this is, if that can be known. */
function commitOf(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    // No repository, or no git.
    return ''
  }
}
