/**
 * What rounds come to: medians, and the ratio of two contenders round by round with a bootstrap 90 % interval, so that a
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

/** Median of the paired ratios a/b, and where it lies in 90 of 100 resamples of the rounds. */
export function pairedRatio(a: readonly number[], b: readonly number[], resamples = 4000): Interval {
  const ratios = a.map((value, i) => value / (b[i] ?? NaN))
  const { next } = seededRandom(1)
  const medians = Array.from({ length: resamples }, () =>
    median(ratios.map(() => ratios[Math.floor(next() * ratios.length)] ?? NaN)),
  ).sort((x, y) => x - y)
  const at = (share: number) => medians[Math.floor(share * (resamples - 1))] ?? NaN
  return { low: at(0.05), median: median(ratios), high: at(0.95) }
}
