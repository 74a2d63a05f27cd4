/**
 * One thing that is measured. The first contender is bare Node, the second the same again.
 */
import type { Column } from './report.ts'
import type { Contender } from './rounds.ts'

export interface Entry {
  readonly name: string
  readonly title: string
  readonly columns: readonly Column[]
  readonly rounds: number
  contenders(): Promise<readonly Contender[]>
}
