/**
 * One routine on its beat. Runs never overlap: a run that is not over when the next one is due leaves that one out. A
 * run that takes too long is told by its signal and counts as failed at once; until it has really ended there is no
 * other. After failures the runs come further apart.
 */
import {
  isP2PNetError,
  messageOf,
  P2PNetError,
  type PluginContext,
  type Routine,
  type RoutineStatus,
  type Timer,
} from '../../../core/index.ts'
import { currentBeat, nextBeat, pauseAfter } from './beats.ts'

/** The longest that a timer of Node waits, in ms. */
export const longestTimer = 2 ** 31 - 1

/** Characters of an error's message in the status. */
const longestMessage = 500

export interface Run {
  readonly name: string
  readonly abort: AbortController
  /** Never rejects. */
  readonly ended: Promise<void>
}

export interface RoutineServices {
  readonly ctx: PluginContext
  /** Everything under way, of routines that were removed too. */
  readonly runs: Set<Run>
  /** ms, for a routine that does not say. */
  readonly timeout: number
}

export class ScheduledRoutine {
  readonly #services: RoutineServices
  readonly #routine: Routine
  #interval: number
  /** The beat of the newest run, or where the grid begins; ms since 1970. */
  #beat = 0
  /** When the next run is due, in ms since 1970; undefined while stopped. */
  #due: number | undefined
  #timer: Timer | undefined
  #run: Run | undefined
  #lastRun: number | undefined
  #lastError: RoutineStatus['lastError']
  #failures = 0

  constructor(routine: Routine, services: RoutineServices) {
    this.#routine = routine
    this.#interval = routine.interval
    this.#services = services
  }

  get status(): RoutineStatus {
    return {
      name: this.#routine.name,
      interval: this.#interval,
      running: this.#due !== undefined,
      active: this.#run !== undefined,
      failures: this.#failures,
      ...(this.#lastRun !== undefined && { lastRun: this.#lastRun }),
      ...(this.#due !== undefined && { nextRun: this.#due }),
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
    }
  }

  /** The first run is one interval from now. One that has started goes on as it was. */
  start(): void {
    if (this.#due === undefined) this.#beginGrid()
  }

  /** No further run; one under way is told why. */
  stop(why: string): void {
    this.#services.ctx.clock.clear(this.#timer)
    this.#timer = this.#due = undefined
    this.#run?.abort.abort(new P2PNetError('E_ABORTED', `the routine ${this.#routine.name} was ${why}`))
  }

  /** Counts from now. */
  setInterval(ms: number): void {
    this.#interval = ms
    if (this.#due !== undefined) this.#beginGrid()
  }

  #beginGrid(): void {
    this.#beat = this.#services.ctx.clock.now()
    this.#waitFor(this.#beat + this.#interval)
  }

  #waitFor(due: number): void {
    const { clock } = this.#services.ctx
    clock.clear(this.#timer)
    this.#due = due
    const ms = Math.max(0, due - clock.now())
    this.#timer = clock.setTimeout(
      () => {
        if (ms > longestTimer) this.#waitFor(due)
        else this.#tick(due)
      },
      Math.min(ms, longestTimer),
    )
  }

  #tick(due: number): void {
    const { clock, log } = this.#services.ctx
    const beat = currentBeat(due, this.#interval, clock.now())
    this.#waitFor(beat + this.#interval * pauseAfter(this.#failures))
    if (this.#run === undefined) this.#begin(beat)
    else log.warn('a routine is still running when it is due again', { routine: this.#routine.name })
  }

  #begin(beat: number): void {
    this.#beat = beat
    const { runs } = this.#services
    const abort = new AbortController()
    const ended = this.#work(abort).finally(() => {
      runs.delete(run)
      this.#run = undefined
    })
    const run: Run = { name: this.#routine.name, abort, ended }
    this.#run = run
    runs.add(run)
  }

  async #work(abort: AbortController): Promise<void> {
    const { network, clock } = this.#services.ctx
    const { signal } = abort
    const { name } = this.#routine
    let timer: Timer | undefined
    try {
      const asked = { name, interval: this.#interval, run: (told: AbortSignal) => this.#routine.run(told) }
      const verdict = await network.ask('routines.before', asked)
      if (verdict === 'skip' || signal.aborted) return
      this.#lastRun = clock.now()
      timer = this.#limit(abort)
      await this.#routine.run(signal)
      if (!signal.aborted) this.#succeeded()
    } catch (error) {
      if (!signal.aborted) this.#failed(error) // else it was told to end, and did
    } finally {
      clock.clear(timer)
    }
  }

  #limit(abort: AbortController): Timer {
    const { name, timeout = this.#services.timeout } = this.#routine
    return this.#services.ctx.clock.setTimeout(
      () => {
        if (abort.signal.aborted) return
        const error = new P2PNetError(
          'E_ROUTINE_TIMEOUT',
          `the routine ${name} has run for more than ${String(timeout)} ms`,
        )
        abort.abort(error)
        this.#failed(error)
      },
      Math.min(timeout, longestTimer),
    )
  }

  #succeeded(): void {
    if (this.#failures === 0) return
    this.#failures = 0
    this.#lastError = undefined
    this.#plan()
  }

  #failed(error: unknown): void {
    this.#failures++
    const message = messageOf(error).slice(0, longestMessage)
    this.#lastError = { code: isP2PNetError(error) ? error.code : 'E_ROUTINE_FAILED', message }
    this.#plan()
    const { log } = this.#services.ctx
    log.warn('a routine failed', { routine: this.#routine.name, failures: this.#failures, error: message })
  }

  /** What came of a run says when the next one is. */
  #plan(): void {
    if (this.#due === undefined) return
    const now = this.#services.ctx.clock.now()
    this.#waitFor(nextBeat(this.#beat, this.#interval, pauseAfter(this.#failures), now))
  }
}
