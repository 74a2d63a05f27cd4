/** Tells the operator who was refused and why, and how many more there were when there are too many to tell. */
import type { PluginContext } from '../../../core/index.ts'

/** Refusals told in `windowMs`. */
const most = 20
const windowMs = 1000

export class Refusals {
  readonly #ctx: PluginContext
  #told = 0
  #untold = 0

  constructor(ctx: PluginContext) {
    this.#ctx = ctx
  }

  /** `hook`: the rule that refused. */
  tell({ code, message: reason }: { code: string; message: string }, address: string, hook: string): void {
    if (this.#ctx.signal.aborted) return
    if (this.#told === 0) this.#ctx.clock.setTimeout(() => this.#renew(), windowMs)
    if (this.#told >= most) {
      this.#untold++
      return
    }
    this.#told++
    this.#ctx.network.refuse({ code, reason }, address, hook)
  }

  #renew(): void {
    const untold = this.#untold
    this.#told = 0
    this.#untold = 0
    if (untold > 0) this.#ctx.log.warn('more connections were refused than are told one by one', { more: untold })
  }
}
