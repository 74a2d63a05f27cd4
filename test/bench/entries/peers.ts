/**
 * Contenders that are other people's: measured if they are installed.
 */
import type { Contender } from '../harness/rounds.ts'
import { peersInstalled } from '../peers/load.ts'

export function ifInstalled(
  leftOut: (line: string) => void,
  contenders: () => readonly Contender[],
): readonly Contender[] {
  if (peersInstalled) return contenders()
  leftOut('js-libp2p and @hyperswarm/secret-stream are left out: `npm run bench:peers` installs them.')
  return []
}
