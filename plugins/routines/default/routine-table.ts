/** Routines by name. */
import {
  didYouMean,
  messageOf,
  P2PNetError,
  within,
  type PluginContext,
  type Routine,
  type Routines,
  type RoutineStatus,
} from '../../../core/index.ts'
import { ScheduledRoutine, type RoutineServices, type Run } from './scheduled-routine.ts'

/** Shortest interval and time limit, in ms, as in the options' schema. */
const shortest = 10

export class RoutineTable implements Routines {
  readonly #services: RoutineServices
  readonly #runs = new Set<Run>()
  readonly #routines = new Map<string, ScheduledRoutine>()
  #closed = false

  /** `timeout`: how long a run may take that does not say, in ms. */
  constructor(ctx: PluginContext, timeout: number) {
    this.#services = { ctx, timeout, runs: this.#runs }
  }

  /** What it returns takes this routine away again. @throws P2PNetError E_ROUTINE_INVALID, _DUPLICATE, _INTERVAL */
  add(routine: Routine): () => void {
    check(routine)
    const { name } = routine
    if (this.#routines.has(name))
      throw new P2PNetError('E_ROUTINE_DUPLICATE', `there is a routine ${JSON.stringify(name)} already`)
    const scheduled = new ScheduledRoutine(routine, this.#services)
    this.#routines.set(name, scheduled)
    return () => {
      if (this.#routines.get(name) === scheduled) this.remove(name)
    }
  }

  /** @throws P2PNetError E_ROUTINE_UNKNOWN, as everything that takes a name */
  get(name: string): RoutineStatus {
    return this.#find(name).status
  }

  *[Symbol.iterator](): Iterator<RoutineStatus> {
    for (const routine of this.#routines.values()) yield routine.status
  }

  /** @throws P2PNetError E_ROUTINE_UNKNOWN, E_STATE */
  start(name: string): void {
    const routine = this.#find(name)
    if (this.#closed) throw new P2PNetError('E_STATE', `the node has stopped, so ${name} cannot start`)
    routine.start()
  }

  stop(name: string): void {
    this.#find(name).stop('stopped')
  }

  /** @throws P2PNetError E_ROUTINE_UNKNOWN, E_ROUTINE_INTERVAL */
  setInterval(name: string, ms: number): void {
    const routine = this.#find(name)
    checkTime(name, 'interval', ms)
    routine.setInterval(ms)
  }

  /** Stops it first; its name is free at once. */
  remove(name: string): void {
    this.#find(name).stop('removed')
    this.#routines.delete(name)
  }

  /** Stops all for good and waits for the runs under way, at most `ms`. */
  async close(ms: number): Promise<void> {
    this.#closed = true
    for (const routine of this.#routines.values()) routine.stop('stopped')
    const ended = Promise.all([...this.#runs].map((run) => run.ended))
    const late = () => new Error(`still running: ${[...this.#runs].map(({ name }) => name).join(', ')}`)
    const { clock, log } = this.#services.ctx
    try {
      await within(clock, ms, ended, late)
    } catch (error) {
      log.warn('routines did not end when they were told to', { error: messageOf(error) })
    }
  }

  #find(name: string): ScheduledRoutine {
    const routine = this.#routines.get(name)
    if (routine !== undefined) return routine
    const hint = didYouMean(name, [...this.#routines.keys()])
    throw new P2PNetError('E_ROUTINE_UNKNOWN', `there is no routine ${JSON.stringify(name)}${hint}`)
  }
}

/** Plugins in JavaScript are not checked by a compiler. */
function check(routine: Partial<Routine>): asserts routine is Routine {
  const { name, interval, timeout, run } = routine
  if (typeof name !== 'string' || name === '') throw new P2PNetError('E_ROUTINE_INVALID', 'a routine has no name')
  if (typeof run !== 'function')
    throw new P2PNetError('E_ROUTINE_INVALID', `the routine ${JSON.stringify(name)} has no function \`run\``)
  checkTime(name, 'interval', interval)
  if (timeout !== undefined) checkTime(name, 'timeout', timeout)
}

function checkTime(name: string, what: 'interval' | 'timeout', ms: number | undefined): void {
  if (Number.isFinite(ms) && Number(ms) >= shortest) return
  throw new P2PNetError('E_ROUTINE_INTERVAL', `the ${what} of ${JSON.stringify(name)} cannot be ${String(ms)} ms`)
}
