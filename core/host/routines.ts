/** The capability `routines`: work on a clock. */

/** Work on a clock. */
export interface Routine {
  readonly name: string
  /** ms between two runs. */
  readonly interval: number
  /** ms that a run may take. Default: what the provider of `routines` is set to. */
  readonly timeout?: number
  /** The signal is aborted when the run takes too long, and when the routine or the node stops. */
  run(signal: AbortSignal): void | Promise<void>
}

export interface RoutineStatus {
  readonly name: string
  readonly interval: number
  /** It has been started. */
  readonly running: boolean
  /** A run is under way. One that has taken too long stays so until it ends. */
  readonly active: boolean
  /** When the newest run began, and when the next one is due; milliseconds since 1970. */
  readonly lastRun?: number
  readonly nextRun?: number
  /** In a row. */
  readonly failures: number
  /** Of the newest failure; gone with the next success. */
  readonly lastError?: { readonly code: string; readonly message: string }
}

export interface RoutineRegistry {
  /**
   * What it returns takes the routine away again. What a tap of routines.collect adds goes with its plugin.
   * @throws P2PNetError E_ROUTINE_DUPLICATE, E_ROUTINE_INTERVAL, E_ROUTINE_INVALID
   */
  add(routine: Routine): () => void
}

/** `routines`: the seed's NetworkRoutines. An unknown name is E_ROUTINE_UNKNOWN. */
export interface Routines extends RoutineRegistry, Iterable<RoutineStatus> {
  get(name: string): RoutineStatus
  start(name: string): void
  stop(name: string): void
  setInterval(name: string, ms: number): void
  /** Stops it, and forgets it. */
  remove(name: string): void
}
