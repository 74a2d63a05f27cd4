/**
 * Prints an entry as a table: medians, and the paired ratio to the first contender, which stands for bare Node. The
 * second is the first once more: what it differs from 1 by is what differences are worth here.
 */
import Table from 'cli-table3'
import type { Results } from './rounds.ts'
import { median, pairedRatio, type Interval } from './statistics.ts'

export interface Column {
  readonly figure: string
  readonly title: string
  readonly digits: number
  /** Ratios are given for this one. */
  readonly ratio?: true
}

export interface Row {
  readonly name: string
  readonly medians: Readonly<Record<string, number>>
  readonly ratio: Interval
}

export function rowsOf(results: Results, columns: readonly Column[]): Row[] {
  const ratioOf = columns.find(({ ratio }) => ratio)?.figure ?? ''
  const [first = []] = results.values()
  const series = (rounds: readonly Readonly<Record<string, number>>[], figure: string) =>
    rounds.map((round) => round[figure] ?? NaN)
  return [...results].map(([name, rounds]) => ({
    name,
    medians: Object.fromEntries(columns.map(({ figure }) => [figure, median(series(rounds, figure))])),
    ratio: pairedRatio(series(rounds, ratioOf), series(first, ratioOf)),
  }))
}

export function tableOf(title: string, rows: readonly Row[], columns: readonly Column[]): string {
  const table = new Table({
    head: [title, ...columns.map((column) => column.title), 'ratio', '90 %'],
    colAligns: ['left', ...columns.map(() => 'right' as const), 'right', 'right'],
    style: { head: [], border: [] },
  })
  for (const { name, medians, ratio } of rows)
    table.push([
      name,
      ...columns.map(({ figure, digits }) => (medians[figure] ?? NaN).toFixed(digits)),
      ratio.median.toFixed(2),
      `${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)}`,
    ])
  return table.toString()
}
