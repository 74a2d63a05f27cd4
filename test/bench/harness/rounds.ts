/**
 * Runs contenders in turn, round after round: A B C, A B C, … The first round warms up and does not count.
 */
export interface Contender {
  readonly name: string
  /** One round: named figures. */
  round(): Promise<Readonly<Record<string, number>>>
  close?(): Promise<void>
}

export type Results = ReadonlyMap<string, readonly Readonly<Record<string, number>>[]>

export async function runRounds(
  contenders: readonly Contender[],
  rounds: number,
  onRound: (round: number) => void,
): Promise<Results> {
  const results = new Map<string, Readonly<Record<string, number>>[]>(contenders.map(({ name }) => [name, []]))
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const contender of contenders) {
        const figures = await contender.round()
        if (round > 0) results.get(contender.name)?.push(figures)
      }
      onRound(round)
    }
  } finally {
    for (const contender of contenders) await contender.close?.()
  }
  return results
}
