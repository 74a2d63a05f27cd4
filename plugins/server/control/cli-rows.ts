/** What became of a send, peer by peer. */
import type { CommandLine, DistributionResult } from '../../../core/index.ts'
import { words } from './cli-node.ts'

/** Exit code 1 if a peer could not take it. */
export function printRows(line: CommandLine, rows: readonly DistributionResult[], done: string): void {
  if (rows.some(({ ok }) => !ok)) line.exitCode = 1
  line.print(rows, () =>
    rows
      .map(({ peer, error }) => {
        const outcome = error === undefined ? done : `${error.code} ${words(line, error.message, 200)}`
        return `${words(line, peer, 48)}: ${outcome}\n`
      })
      .join(''),
  )
}
