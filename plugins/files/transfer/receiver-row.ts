/**
 * One receiver of a send: how far it is, and what became of it.
 */
import { asP2PNetError, type DistributionResult, type PeerChannel } from '../../../core/index.ts'

/**
 * `offered` it has not answered; `accepted` it waits for its first byte; `sending`; `sent` it has all bytes and checks
 * them; `done` and `failed` are final.
 */
export type ReceiverState = 'offered' | 'accepted' | 'sending' | 'sent' | 'done' | 'failed'

export class ReceiverRow {
  readonly channel: PeerChannel
  state: ReceiverState = 'offered'
  /** Bytes handed to its channel. */
  sent = 0
  /** When something moved, in ms. */
  movedAt: number
  #error: { code: string; message: string } | undefined
  #wake: (() => void) | undefined

  constructor(channel: PeerChannel, now: number) {
    this.channel = channel
    this.movedAt = now
  }

  get peer(): string {
    return this.channel.peer.identifier ?? this.channel.peer.address
  }

  get isFinal(): boolean {
    return this.state === 'done' || this.state === 'failed'
  }

  /** True while it has no room for the next chunk. */
  get isWaiting(): boolean {
    return this.#wake !== undefined
  }

  /** Waits for room in its channel, or for the end, whichever is first. A failure is the end. */
  async until(room: Promise<void>): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      room.then(resolve, (error: unknown) => {
        this.end(asP2PNetError(error, 'E_CLOSED'))
      })
    })
    this.#wake = undefined
  }

  /** The first end counts. */
  end(error?: { readonly code: string; readonly message: string }): void {
    if (this.isFinal) return
    this.state = error === undefined ? 'done' : 'failed'
    if (error !== undefined) this.#error = { code: error.code, message: error.message }
    this.#wake?.()
  }

  get row(): DistributionResult {
    const error = this.#error
    return { peer: this.peer, ok: this.state === 'done', ...(error !== undefined && { error }) }
  }
}
