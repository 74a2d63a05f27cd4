/**
 * Runs contenders in rounds, each in every round, in an order that changes from round to round: what one leaves behind,
 * a collection under way or a warm core, falls on each of the others. The first round warms up and does not count.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '../../support/seeded-random.ts'
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

/** For the processes of the one before to come to rest. */
const restMs = 30

export async function runRounds(
  contenders: readonly Contender[],
  rounds: number,
  onRound: (round: number) => void,
): Promise<Results> {
  const results = new Map<string, Figures[]>(contenders.map(({ name }) => [name, []]))
  const { next } = seededRandom(1)
  for (let round = 0; round <= rounds; round++) {
    for (const { name, round: run } of shuffled(contenders, next)) {
      await sleep(restMs)
      const figures = await run().catch((error: unknown) => {
        throw new Error(`${name}, round ${String(round)}`, { cause: error })
      })
      if (round > 0) results.get(name)?.push(figures)
    }
    onRound(round)
  }
  return results
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  return values
    .map((value) => ({ value, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value)
}
