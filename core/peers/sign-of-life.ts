/** Says that this side is here, in words that cost nothing: a credit of no bytes, which is no packet. */
import type { Frame, Wire } from '../packets/wire.ts'

export class SignOfLife {
  readonly #wire: Wire
  readonly #out: { readonly written: number; push(frame: Frame): boolean }
  #writtenThen = 0

  constructor(wire: Wire, out: { readonly written: number; push(frame: Frame): boolean }) {
    this.#wire = wire
    this.#out = out
  }

  /** If nothing was said since this was called last. False: this wire has no words for it. */
  ifSilent(isOpen: boolean): boolean {
    const isSilent = this.#out.written === this.#writtenThen
    const isKnown = this.#give(isSilent && isOpen)
    this.#writtenThen = this.#out.written
    return isKnown
  }

  /** False: this wire has no words for it. */
  give(isOpen: boolean): boolean {
    try {
      return this.#give(isOpen)
    } catch {
      return true // its queue is full: nothing more can be said, and what waits there says as much
    }
  }

  #give(isWanted: boolean): boolean {
    const { encodeCredit } = this.#wire
    if (encodeCredit === undefined) return false
    if (isWanted) this.#out.push(encodeCredit(0))
    return true
  }
}
