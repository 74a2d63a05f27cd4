/** When a node speaks again: a policy, by name. */
import type { Random } from '../../../../core/index.ts'
import { burst } from './burst.ts'
import { fixed } from './fixed.ts'
import { sine } from './sine.ts'

/** Right after an announcement. */
export interface Moment {
  /** Announcements so far, since there was something new to say. 1 or more. */
  readonly count: number
  /** Since the first of them, in ms. */
  readonly elapsed: number
  /** No peer is connected. */
  readonly alone: boolean
}

export interface Intervals {
  /** ms between two announcements. */
  readonly announceMs: number
  /** The same while there is no peer, where the rhythm tells one from the other. */
  readonly aloneMs: number
}

/** ms from the last announcement to the next. May be asked more than once of one moment. */
export type Rhythm = (moment: Moment, intervals: Intervals, random: Random) => number

export const rhythms = { burst, sine, fixed } as const satisfies Record<string, Rhythm>
