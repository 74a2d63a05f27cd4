/**
 * Waits for a condition that others bring about: whoever changes something rings, whoever waits looks again.
 */
export class Bell {
  #waiters: (() => void)[] = []

  ring(): void {
    for (const wake of this.#waiters.splice(0)) wake()
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition())
      await new Promise<void>((resolve) => {
        this.#waiters.push(resolve)
      })
  }
}
