/** The steady interval and nothing else, to the millisecond. */
import type { Intervals, Moment } from './rhythm.ts'

export function fixed(_moment: Moment, { announceMs }: Intervals): number {
  return announceMs
}
