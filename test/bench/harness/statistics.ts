/**
 * What rounds come to: medians, and two contenders compared round by round with a bootstrap 90 % interval, so that a
 * machine that is slower for a while does not favour either.
 */
import { seededRandom } from '../../support/seeded-random.ts'

export interface Interval {
  readonly low: number
  readonly median: number
  readonly high: number
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
}

/** Of a few hundred values or more; sorts them in place. */
export function percentiles(values: number[]): { readonly p50: number; readonly p99: number } {
  values.sort((a, b) => a - b)
  const at = (share: number) => values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? NaN
  return { p50: at(0.5), p99: at(0.99) }
}

/** Median of what `compare` makes of each round, and where it lies in 90 of 100 resamples of the rounds. */
export function paired(
  a: readonly number[],
  b: readonly number[],
  compare: (a: number, b: number) => number = (x, y) => x / y,
  resamples = 4000,
): Interval {
  const compared = a.map((value, i) => compare(value, b[i] ?? NaN))
  const { next } = seededRandom(1)
  const medians = Array.from({ length: resamples }, () =>
    median(compared.map(() => compared[Math.floor(next() * compared.length)] ?? NaN)),
  ).sort((x, y) => x - y)
  const at = (share: number) => medians[Math.floor(share * (resamples - 1))] ?? NaN
  return { low: at(0.05), median: median(compared), high: at(0.95) }
}
