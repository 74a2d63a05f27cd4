/**
 * Incoming peers that wait for a word of the application: the seed's queue and event placement. Whichever way an attempt
 * is answered, it leaves the queue; one that nobody answers expires.
 */
import type { Clock, Timer } from '../clock.ts'
import { P2PNetError } from '../errors.ts'

export type Placement = 'queue' | 'event' | 'queue-and-event'

/** Somebody at the door. */
export interface IncomingAttempt {
  readonly address: string
  readonly port: number
  /** Milliseconds since 1970. */
  readonly since: number
  /** Lets the peer in; its handshake starts now. */
  accept(): void
  reject(reason?: string): void
}

export interface InboundQueueOptions {
  readonly clock: Clock
  readonly capacity: number
  readonly attemptMs: number
  tell(attempt: IncomingAttempt): void
}

/** What comes of an attempt. */
export interface AttemptHandlers {
  accepted(): void
  refused(reason: P2PNetError): void
}

export class InboundQueue {
  readonly #options: InboundQueueOptions
  readonly #queued: IncomingAttempt[] = []
  readonly #waiting = new Map<IncomingAttempt, { timer: Timer; handlers: AttemptHandlers }>()

  constructor(options: InboundQueueOptions) {
    this.#options = options
  }

  /** Attempts that wait in the queue. */
  get size(): number {
    return this.#queued.length
  }

  /** The one that has waited longest, off the queue; it still has to be answered. */
  dequeue(): IncomingAttempt | undefined {
    return this.#queued.shift()
  }

  /** Returns how to withdraw: whoever has left is not to be answered any more. */
  place(
    placement: Placement,
    from: { readonly address: string; readonly port: number },
    handlers: AttemptHandlers,
  ): () => void {
    const { clock, capacity, attemptMs } = this.#options
    if (this.#waiting.size >= capacity) {
      handlers.refused(new P2PNetError('E_LIMIT', 'too many peers wait to be accepted'))
      return () => undefined
    }
    const attempt: IncomingAttempt = {
      address: from.address,
      port: from.port,
      since: clock.now(),
      accept: () => {
        if (this.#settle(attempt)) handlers.accepted()
      },
      reject: (reason = 'rejected') => {
        if (this.#settle(attempt)) handlers.refused(new P2PNetError('E_REJECTED', reason))
      },
    }
    const timer = clock.setTimeout(() => {
      if (!this.#settle(attempt)) return
      handlers.refused(new P2PNetError('E_ATTEMPT_EXPIRED', `nobody answered within ${String(attemptMs)} ms`))
    }, attemptMs)
    this.#waiting.set(attempt, { timer, handlers })
    if (placement !== 'event') this.#queued.push(attempt)
    if (placement !== 'queue') this.#options.tell(attempt)
    return () => this.#settle(attempt)
  }

  /** The node stops: nobody gets in any more. */
  close(reason: P2PNetError): void {
    for (const [attempt, { handlers }] of this.#waiting) if (this.#settle(attempt)) handlers.refused(reason)
  }

  #settle(attempt: IncomingAttempt): boolean {
    const waiting = this.#waiting.get(attempt)
    if (waiting === undefined) return false
    this.#options.clock.clear(waiting.timer)
    this.#waiting.delete(attempt)
    const at = this.#queued.indexOf(attempt)
    if (at >= 0) this.#queued.splice(at, 1)
    return true
  }
}
