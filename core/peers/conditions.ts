/** Whoever waits until something is so, each for a thing of their own. */

interface Waiter {
  readonly isSo: () => boolean
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class Conditions {
  /** Made when somebody waits. */
  #waiting: Waiter[] | undefined

  /** Resolves when it is so, at once if it is. @throws what fail() is given */
  wait(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      ;(this.#waiting ??= []).push({ isSo, resolve, reject })
    })
  }

  /** Something has changed. */
  look(): void {
    if (this.#waiting === undefined) return
    const waiting = this.#waiting.filter(({ isSo, resolve }) => {
      if (!isSo()) return true
      resolve()
      return false
    })
    this.#waiting = waiting.length > 0 ? waiting : undefined
  }

  /** Nothing will be so any more. */
  fail(reason: Error): void {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const waiter of waiting) waiter.reject(reason)
  }
}
