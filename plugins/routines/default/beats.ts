/**
 * When a routine is due. Its beats are the points of a grid that begins where it was started or retimed, one interval
 * apart; a run that is late or slow leaves beats out and moves none.
 */

/** In intervals. */
const longestPause = 16

/** How many intervals lie between two runs, after so many failures in a row: 1, 2, 4, 8, 16, and no more than that. */
export const pauseAfter = (failures: number): number => Math.min(2 ** failures, longestPause)

/** The first beat that is `pause` intervals after `beat` or more, and not over. */
export const nextBeat = (beat: number, interval: number, pause: number, now: number): number =>
  beat + interval * Math.max(pause, Math.ceil((now - beat) / interval))

/**
 * The newest beat, for a timer that was set for `due` and has fired: a later one if the event loop was held. A clock
 * that was set back begins a new grid, so that the routine does not wait for the old one to come round.
 */
export function currentBeat(due: number, interval: number, now: number): number {
  if (now < due - interval) return now
  return due + interval * Math.max(0, Math.floor((now - due) / interval))
}
