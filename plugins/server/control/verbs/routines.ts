/**
 * `routines`, `routine-start`, `routine-stop`, `routine-interval`: the node's work on a clock. What changes is gone with
 * the node; the config says what starts with it.
 */
import type { Control, PluginContext, RoutineStatus } from '../../../../core/index.ts'

export interface RoutineRow {
  readonly name: string
  /** ms between two runs. */
  readonly interval: number
  readonly running: boolean
  /** A run is under way. */
  readonly active: boolean
  /** Milliseconds since 1970. */
  readonly lastRun: number | null
  readonly nextRun: number | null
  /** In a row. */
  readonly failures: number
  readonly lastError: { readonly code: string; readonly message: string } | null
}

export function addRoutines(control: Control, ctx: PluginContext): void {
  control.verb('routines', {
    arguments: {},
    run: (): RoutineRow[] => [...ctx.use('routines')].map(rowOf),
  })

  control.verb('routine-start', {
    arguments: { name: 'string' },
    run({ name }): RoutineRow {
      ctx.use('routines').start(name)
      return rowOf(ctx.use('routines').get(name))
    },
  })

  control.verb('routine-stop', {
    arguments: { name: 'string' },
    run({ name }): RoutineRow {
      ctx.use('routines').stop(name)
      return rowOf(ctx.use('routines').get(name))
    },
  })

  control.verb('routine-interval', {
    arguments: { name: 'string', ms: 'number' },
    run({ name, ms }): RoutineRow {
      ctx.use('routines').setInterval(name, ms)
      return rowOf(ctx.use('routines').get(name))
    },
  })
}

const rowOf = ({
  name,
  interval,
  running,
  active,
  lastRun,
  nextRun,
  failures,
  lastError,
}: RoutineStatus): RoutineRow => ({
  name,
  interval,
  running,
  active,
  lastRun: lastRun ?? null,
  nextRun: nextRun ?? null,
  failures,
  lastError: lastError ?? null,
})
