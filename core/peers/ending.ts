/**
 * How a channel ends: whether it has begun to, why, who said goodbye, and who is to be told. It is told once; what comes
 * later changes nothing.
 */
import type { P2PNetError } from '../errors.ts'
import { readFarewell } from '../packets/farewell.ts'
import type { Connection } from './transport.ts'

export type Leaver = (reason: P2PNetError) => void

/** A goodbye for these reasons is none: nobody wanted the channel to end. */
const unwanted: ReadonlySet<string> = new Set(['E_CONNECTION', 'E_DUPLICATE', 'E_IDLE', 'E_SLOW_PEER', 'E_STALE'])
const nobody: readonly never[] = []

export class Ending {
  /** Undefined until it has begun. */
  reason: P2PNetError | undefined
  /** It was trusted, and neither side wanted it to end. */
  isLoss = false
  /** What the other side said. */
  heard: P2PNetError | undefined
  /** One side has said that it leaves. */
  #isGoodbye = false
  #leavers: readonly Leaver[] = nobody
  /** Made when somebody asks for the signal. */
  #abort: AbortController | undefined

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.reason !== undefined && !this.#abort.signal.aborted) this.#abort.abort(this.reason)
    return this.#abort.signal
  }

  /** Tells once, with the reason, when it begins, or has. Returns how not to be told. */
  onBegin(leaver: Leaver): () => void {
    if (this.reason !== undefined) {
      leaver(this.reason)
      return () => undefined
    }
    this.#leavers = [...this.#leavers, leaver]
    return () => {
      this.#leavers = this.#leavers.filter((one) => one !== leaver)
    }
  }

  /** This side says goodbye. */
  say(): void {
    this.#isGoodbye = true
  }

  /** The other side did, in these words of its own. */
  hear(words: string | undefined, address: string): void {
    this.#isGoodbye = true
    this.heard = readFarewell(words, address)
  }

  begin(reason: P2PNetError, isTrusted: boolean): void {
    this.reason = reason
    this.isLoss = isTrusted && (!this.#isGoodbye || unwanted.has(reason.code))
  }

  /** Whoever asked to be told. */
  tell(): void {
    const { reason } = this
    if (reason === undefined) return
    this.#abort?.abort(reason)
    const leavers = this.#leavers
    this.#leavers = nobody
    for (const leaver of leavers) leaver(reason)
  }
}

export function closeOf(connection: Connection): Promise<void> {
  if (connection.closed) return Promise.resolve()
  return new Promise((resolve) => connection.once('close', resolve))
}
