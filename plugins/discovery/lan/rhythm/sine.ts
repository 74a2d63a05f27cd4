/**
 * The wave of the original: intervals between 1 and 20 s that swell and ebb within two minutes. It begins with the short
 * ones. A peer that has joined throttles it: then nothing is said more often than the steady interval.
 */
import type { Intervals, Moment } from './rhythm.ts'

const minMs = 1000
const maxMs = 20_000
const waveMs = 120_000

export function sine({ elapsed, alone }: Moment, { announceMs }: Intervals): number {
  const height = (1 - Math.cos((2 * Math.PI * elapsed) / waveMs)) / 2
  const ms = minMs + (maxMs - minMs) * height
  return alone ? ms : Math.max(ms, Math.min(announceMs, maxMs))
}
