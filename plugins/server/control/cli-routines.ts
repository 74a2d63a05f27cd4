/**
 * `p2pnet routines`: the running node's work on a clock; with `start`, `stop` and `interval` it is changed for as long as
 * the node runs.
 */
import type { Command } from 'commander'
import type { CommandLine, CommandModule } from '../../../core/index.ts'
import { askNode, clockTime, words } from './cli-node.ts'
import type { RoutineRow } from './verbs/routines.ts'

const routines: CommandModule = {
  description: "Lists the running node's work on a clock, or changes it until the node stops.",
  configure(command, line) {
    const own = command as Command
    own.action(async () => {
      tell(line, await askNode<RoutineRow[]>(line, 'routines'))
    })
    own
      .command('start')
      .description('Starts routines; the first run of each is one interval from now.')
      .argument('<names...>')
      .action((names: string[]) => change(line, 'routine-start', names))
    own
      .command('stop')
      .description('Stops routines; a run under way is told to end.')
      .argument('<names...>')
      .action((names: string[]) => change(line, 'routine-stop', names))
    own
      .command('interval')
      .description('Sets the time between two runs; a routine that has started counts from now.')
      .argument('<name>')
      .argument('<ms>', 'milliseconds, 10 at least', (text) => msOf(own, text))
      .action((name: string, ms: number) => change(line, 'routine-interval', [name], { ms }))
  },
}
export default routines

/** The node says what is too short. */
function msOf(command: Command, text: string): number {
  if (!/^\d+$/.test(text)) command.error(`error: the interval is a number of milliseconds, not ${JSON.stringify(text)}`)
  return Number(text)
}

/** One after the other: those before one that fails are changed. */
async function change(line: CommandLine, verb: string, names: readonly string[], more: object = {}): Promise<void> {
  const rows: RoutineRow[] = []
  for (const name of names) rows.push(await askNode<RoutineRow>(line, verb, { name, ...more }))
  tell(line, rows)
}

function tell(line: CommandLine, rows: readonly RoutineRow[]): void {
  line.print(rows, () => {
    if (rows.length === 0) return 'none\n'
    const head = ['name', 'interval', 'state', 'last run', 'next run', 'failures']
    return `${line.table(
      head,
      rows.map((row) => [
        words(line, row.name),
        `${String(row.interval)} ms`,
        stateOf(row),
        row.lastRun === null ? '-' : clockTime(row.lastRun),
        row.nextRun === null ? '-' : clockTime(row.nextRun),
        failuresOf(line, row),
      ]),
    )}\n`
  })
}

function stateOf({ running, active }: RoutineRow): string {
  if (active) return running ? 'at work' : 'stopped, still at work'
  return running ? 'started' : 'stopped'
}

function failuresOf(line: CommandLine, { failures, lastError }: RoutineRow): string {
  if (lastError === null) return String(failures)
  return `${String(failures)}, ${words(line, lastError.code)} ${words(line, lastError.message, 120)}`
}
