/**
 * What an entry came to: a row for each contender with medians and the paired ratio to the first, and each goal with
 * whether its interval reaches it.
 */
import Table from 'cli-table3'
import type { Goal } from './entry.ts'
import type { Figures, Results } from './rounds.ts'
import { median, paired, type Interval } from './statistics.ts'

export interface Column {
  readonly figure: string
  readonly title: string
  readonly digits: number
  /** Ratios are given for this one. */
  readonly ratio?: true
}

export interface Row {
  readonly name: string
  readonly medians: Figures
  readonly ratio: Interval
}

export function rowsOf(results: Results, columns: readonly Column[]): Row[] {
  const ratioOf = columns.find(({ ratio }) => ratio)?.figure ?? ''
  const [first = []] = results.values()
  return [...results].map(([name, rounds]) => ({
    name,
    medians: Object.fromEntries(columns.map(({ figure }) => [figure, median(series(rounds, figure))])),
    ratio: paired(series(rounds, ratioOf), series(first, ratioOf)),
  }))
}

/** The cells of the table, head first. */
export function cellsOf(title: string, rows: readonly Row[], columns: readonly Column[]): string[][] {
  return [
    [title, ...columns.map((column) => column.title), 'ratio', '90 %'],
    ...rows.map(({ name, medians, ratio }) => [
      name,
      ...columns.map(({ figure, digits }) => numberOf(medians[figure] ?? NaN, digits)),
      numberOf(ratio.median, 2),
      `${numberOf(ratio.low, 2)}–${numberOf(ratio.high, 2)}`,
    ]),
  ]
}

export function tableOf([head = [], ...rows]: string[][]): string {
  const table = new Table({
    head,
    colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  })
  table.push(...rows)
  return table.toString()
}

export interface Verdict {
  readonly goal: Goal
  /** `p2pnet ÷ bare node:net, p50` */
  readonly what: string
  readonly measured: string
  readonly wanted: string
  readonly outcome: 'reached' | 'reached by the interval' | 'not reached'
}

/** Goals of contenders that were not measured are left out. */
export function verdictsOf(goals: readonly Goal[], results: Results, columns: readonly Column[]): Verdict[] {
  return goals.flatMap((goal) => {
    const of = results.get(goal.of)
    const against = results.get(goal.against)
    if (of === undefined || against === undefined) return []
    const isRatio = goal.by !== 'difference'
    const interval = paired(
      series(of, goal.figure),
      series(against, goal.figure),
      isRatio ? (a, b) => a / b : (a, b) => a - b,
    )
    const title = columns.find(({ figure }) => figure === goal.figure)?.title ?? goal.figure
    return {
      goal,
      what: `${title}: ${goal.of} ${isRatio ? '÷' : '−'} ${goal.against}`,
      measured: `${numberOf(interval.median, 2)} (${numberOf(interval.low, 2)}–${numberOf(interval.high, 2)})`,
      wanted: goal.atLeast === undefined ? `≤ ${String(goal.atMost)}` : `≥ ${String(goal.atLeast)}`,
      outcome: outcomeOf(goal, interval),
    }
  })
}

function outcomeOf({ atLeast, atMost = NaN }: Goal, { low, median, high }: Interval): Verdict['outcome'] {
  const [best, isReached] =
    atLeast === undefined ? [low, (value: number) => value <= atMost] : [high, (value: number) => value >= atLeast]
  if (isReached(median)) return 'reached'
  return isReached(best) ? 'reached by the interval' : 'not reached'
}

const series = (rounds: readonly Figures[], figure: string): number[] => rounds.map((round) => round[figure] ?? NaN)

const numberOf = (value: number, digits: number): string => (Number.isNaN(value) ? '–' : value.toFixed(digits))
