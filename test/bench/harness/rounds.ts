/**
 * Runs contenders in turn, round after round: A B C, A B C, … The first round warms up and does not count.
 */
import type { HotSpot } from '../jobs/profiling.ts'

export type Figures = Readonly<Record<string, number>>

export interface Contender {
  readonly name: string
  /** One round: named figures. */
  round(): Promise<Figures>
  /** Where the processes of this contender spent their time, by the part each plays. */
  profile?(): Promise<Readonly<Record<string, readonly HotSpot[]>>>
  close?(): Promise<void>
}

export type Results = ReadonlyMap<string, readonly Figures[]>

export async function runRounds(
  contenders: readonly Contender[],
  rounds: number,
  onRound: (round: number) => void,
): Promise<Results> {
  const results = new Map<string, Figures[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const { name, round: run } of contenders) {
      const figures = await run().catch((error: unknown) => {
        throw new Error(`${name}, round ${String(round)}`, { cause: error })
      })
      if (round > 0) results.get(name)?.push(figures)
    }
    onRound(round)
  }
  return results
}
