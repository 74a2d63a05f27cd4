/**
 * One thing that is measured. The first contender is what the others are held against, bare Node as a rule, and the
 * second the same again: what that differs by is what differences are worth here.
 */
import type { Column } from './report.ts'
import type { Contender } from './rounds.ts'

export interface Entry {
  readonly name: string
  readonly title: string
  /** What is done, for the document. */
  readonly about: string
  readonly columns: readonly Column[]
  readonly rounds: number
  /** What it has to reach. */
  readonly goals: readonly Goal[]
  /** `leftOut` takes a line for whatever cannot be measured here, with the way to have it. */
  contenders(leftOut: (line: string) => void): Promise<readonly Contender[]>
}

/** A figure of one contender against that of another, round by round. */
export interface Goal {
  readonly of: string
  readonly against: string
  readonly figure: string
  readonly by?: 'ratio' | 'difference'
  readonly atLeast?: number
  readonly atMost?: number
}
