/**
 * Whoever waits for one thing: all of them are told at once, each may give up by its signal.
 */
import { P2PNetError } from '../errors.ts'

interface Waiter {
  resolve(): void
  reject(error: Error): void
}

export class Waiters {
  /** Made when somebody waits. */
  #waiting: Set<Waiter> | undefined

  /** @throws P2PNetError E_ABORTED, or what reject() is given */
  wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const aborted = () => new P2PNetError('E_ABORTED', 'the caller gave up', { cause: signal?.reason })
      if (signal?.aborted === true) {
        reject(aborted())
        return
      }
      const onAbort = () => {
        this.#waiting?.delete(waiter)
        reject(aborted())
      }
      const settled = () => signal?.removeEventListener('abort', onAbort)
      const waiter: Waiter = {
        resolve() {
          settled()
          resolve()
        },
        reject(error) {
          settled()
          reject(error)
        },
      }
      ;(this.#waiting ??= new Set()).add(waiter)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  resolve(): void {
    for (const waiter of this.#take()) waiter.resolve()
  }

  reject(error: Error): void {
    for (const waiter of this.#take()) waiter.reject(error)
  }

  #take(): Waiter[] {
    const all = [...(this.#waiting ?? [])]
    this.#waiting = undefined
    return all
  }
}
