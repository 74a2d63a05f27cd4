/**
 * "Did you mean": the known word closest to an unknown one, if any is close enough to be a slip of the keyboard.
 */
import { closest as nearest, distance } from 'fastest-levenshtein'

export function closest(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  const lower = new Map(known.map((candidate) => [candidate.toLowerCase(), candidate]))
  const best = nearest(word.toLowerCase(), [...lower.keys()])
  const allowed = Math.max(2, Math.floor(word.length / 3))
  return distance(word.toLowerCase(), best) <= allowed ? lower.get(best) : undefined
}

/** `; did you mean X?`, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const suggestion = closest(word, known)
  return suggestion === undefined ? '' : `; did you mean ${JSON.stringify(suggestion)}?`
}
