/** A few copies within the first second, so that a lost one costs a moment and not an interval; then a steady interval. */
import type { Random } from '../../../../core/index.ts'
import type { Intervals, Moment } from './rhythm.ts'

/** Between the copies, in ms. */
const gaps = [250, 250, 500] as const

export function burst({ count, alone }: Moment, { announceMs, aloneMs }: Intervals, { next }: Random): number {
  const steady = alone ? Math.min(aloneMs, announceMs) : announceMs
  // Give or take a fifth, so that nodes that start together do not go on speaking together.
  return (gaps[count - 1] ?? steady) * (0.8 + 0.4 * next())
}
