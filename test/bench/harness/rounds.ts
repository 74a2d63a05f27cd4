/**
 * Runs contenders in rounds, each in every round, in an order that changes from round to round: what one leaves behind,
 * a collection under way or a warm core, falls on each of the others. Two processes of one program can differ for as long
 * as they live, by how their code was compiled and their memory laid out, so every few rounds there are new ones. The
 * first rounds of new processes do not count: code is compiled, and memory touched for the first time.
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
  /** Ends its processes; the next round makes new ones. A contender without it has new ones in each round. */
  renew?(): Promise<void>
  close?(): Promise<void>
}

export type Results = ReadonlyMap<string, readonly Figures[]>

/** For the processes of the one before to come to rest. */
const restMs = 30
/** Rounds that processes live, and rounds before those. */
const lifeRounds = 5
const warmRounds = 3

export async function runRounds(
  contenders: readonly Contender[],
  rounds: number,
  onRound: (round: number) => void,
): Promise<Results> {
  const results = new Map<string, Figures[]>(contenders.map(({ name }) => [name, []]))
  const { next } = seededRandom(1)
  const measure = async ({ name, round }: Contender): Promise<Figures> => {
    await sleep(restMs)
    return round().catch((error: unknown) => {
      throw new Error(`${name} failed`, { cause: error })
    })
  }
  for (let round = 0; round < rounds; round++) {
    if (round % lifeRounds === 0) {
      for (const contender of contenders) await contender.renew?.()
      const fresh = contenders.filter(({ renew }) => round === 0 || renew !== undefined)
      for (let warm = 0; warm < warmRounds; warm++) for (const contender of fresh) await measure(contender)
    }
    for (const contender of shuffled(contenders, next)) results.get(contender.name)?.push(await measure(contender))
    onRound(round + 1)
  }
  return results
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  return values
    .map((value) => ({ value, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value)
}
