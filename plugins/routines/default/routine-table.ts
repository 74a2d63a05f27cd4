/**
 * Routines by name, each on its own beat. Times count from the start and not from the end of the run before, so a
 * routine does not drift; a run that is not over when the next one is due leaves that one out, so runs never overlap.
 */
import {
  didYouMean,
  messageOf,
  P2PNetError,
  within,
  type PluginContext,
  type Routine,
  type Routines,
  type RoutineStatus,
  type Timer,
} from '../../../core/index.ts'

/** Shortest interval, in ms, as in the options' schema. */
const shortest = 10

interface Entry {
  readonly routine: Routine
  interval: number
  /** When the next run is due, in ms since 1970; undefined while stopped. */
  due: number | undefined
  timer: Timer | undefined
  /** The run under way. */
  run: { readonly abort: AbortController; readonly ended: Promise<void> } | undefined
  lastRun: number | undefined
  failures: number
}

export class RoutineTable implements Routines {
  readonly #ctx: PluginContext
  readonly #entries = new Map<string, Entry>()

  constructor(ctx: PluginContext) {
    this.#ctx = ctx
  }

  /** @throws P2PNetError E_ROUTINE_DUPLICATE, E_ROUTINE_INTERVAL */
  add(routine: Routine): void {
    const { name, interval } = routine
    if (this.#entries.has(name))
      throw new P2PNetError('E_ROUTINE_DUPLICATE', `there is a routine ${JSON.stringify(name)} already`)
    checkInterval(name, interval)
    this.#entries.set(name, {
      routine,
      interval,
      due: undefined,
      timer: undefined,
      run: undefined,
      lastRun: undefined,
      failures: 0,
    })
  }

  /** @throws P2PNetError E_ROUTINE_UNKNOWN, as everything that takes a name. */
  get(name: string): RoutineStatus {
    return statusOf(this.#find(name))
  }

  *[Symbol.iterator](): Iterator<RoutineStatus> {
    for (const entry of this.#entries.values()) yield statusOf(entry)
  }

  /** The first run is one interval from now. One that has started goes on as it was. */
  start(name: string): void {
    const entry = this.#find(name)
    if (entry.due === undefined) this.#restart(entry)
  }

  /** No further run; one under way is told by its signal. */
  stop(name: string): void {
    const entry = this.#find(name)
    this.#ctx.clock.clear(entry.timer)
    entry.timer = entry.due = undefined
    entry.run?.abort.abort(new P2PNetError('E_ABORTED', `the routine ${name} was stopped`))
  }

  /** Counts from now. @throws P2PNetError E_ROUTINE_UNKNOWN, E_ROUTINE_INTERVAL */
  setInterval(name: string, ms: number): void {
    const entry = this.#find(name)
    checkInterval(name, ms)
    entry.interval = ms
    if (entry.due !== undefined) this.#restart(entry)
  }

  /** Stops all and waits for the runs under way, at most `ms`. */
  async close(ms: number): Promise<void> {
    for (const name of this.#entries.keys()) this.stop(name)
    const runs = [...this.#entries.values()].flatMap(({ run }) => run?.ended ?? [])
    try {
      await within(this.#ctx.clock, ms, Promise.all(runs), () => new Error(`still running: ${this.#busy().join(', ')}`))
    } catch (error) {
      this.#ctx.log.warn('routines did not end when they were told to', { error: messageOf(error) })
    }
  }

  #busy(): string[] {
    return [...this.#entries.values()].filter(({ run }) => run !== undefined).map(({ routine }) => routine.name)
  }

  #find(name: string): Entry {
    const entry = this.#entries.get(name)
    if (entry !== undefined) return entry
    const hint = didYouMean(name, [...this.#entries.keys()])
    throw new P2PNetError('E_ROUTINE_UNKNOWN', `there is no routine ${JSON.stringify(name)}${hint}`)
  }

  #restart(entry: Entry): void {
    this.#ctx.clock.clear(entry.timer)
    entry.due = this.#ctx.clock.now() + entry.interval
    this.#wait(entry, entry.due)
  }

  #wait(entry: Entry, due: number): void {
    const { clock } = this.#ctx
    entry.timer = clock.setTimeout(
      () => {
        this.#tick(entry, due)
      },
      Math.max(0, due - clock.now()),
    )
  }

  #tick(entry: Entry, due: number): void {
    // Beats that went by while the event loop was held are left out; the ones to come keep their times.
    const late = Math.max(0, this.#ctx.clock.now() - due)
    entry.due = due + entry.interval * (1 + Math.floor(late / entry.interval))
    this.#wait(entry, entry.due)
    if (entry.run === undefined) this.#begin(entry)
    else this.#ctx.log.warn('a routine is still running when it is due again', { routine: entry.routine.name })
  }

  #begin(entry: Entry): void {
    const abort = new AbortController()
    const ended = this.#run(entry, abort.signal).finally(() => {
      entry.run = undefined
    })
    entry.run = { abort, ended }
  }

  async #run(entry: Entry, signal: AbortSignal): Promise<void> {
    const { network, clock, log } = this.#ctx
    const { routine, interval } = entry
    const { name } = routine
    try {
      const verdict = await network.ask('routines.before', { name, interval, run: (told) => routine.run(told) })
      if (verdict === 'skip' || signal.aborted) return
      entry.lastRun = clock.now()
      await routine.run(signal)
      entry.failures = 0
    } catch (error) {
      if (signal.aborted) return // told to end, and did
      entry.failures++
      log.warn('a routine failed', { routine: name, failures: entry.failures, error: messageOf(error) })
    }
  }
}

function statusOf({ routine, interval, due, lastRun, failures }: Entry): RoutineStatus {
  return {
    name: routine.name,
    interval,
    running: due !== undefined,
    failures,
    ...(lastRun !== undefined && { lastRun }),
  }
}

function checkInterval(name: string, ms: number): void {
  if (Number.isFinite(ms) && ms >= shortest) return
  throw new P2PNetError('E_ROUTINE_INTERVAL', `the interval of ${JSON.stringify(name)} cannot be ${String(ms)} ms`)
}
