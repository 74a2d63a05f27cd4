/**
 * The sending side of all transfers of a node: the `transfer` capability.
 */
import path from 'node:path'
import {
  P2PNetError,
  type DistributionResult,
  type PeerChannel,
  type Random,
  type Transfer,
  type TransferOptions,
} from '../../../core/index.ts'
import { Outgoing, type OutgoingServices } from './outgoing.ts'
import type { FileAnswerFields } from './packets.ts'
import { SourceFile } from './source-file.ts'

export interface SenderServices extends OutgoingServices {
  readonly random: Random
}

export class Sender implements Transfer {
  readonly #services: SenderServices
  readonly #sends = new Map<string, Outgoing>()
  /** Every send under way, and how to end it. */
  readonly #running = new Map<Promise<unknown>, AbortController>()

  constructor(services: SenderServices) {
    this.#services = services
  }

  /**
   * Resolves with a row a channel, whatever becomes of each.
   * @throws P2PNetError E_FILE_NOT_FOUND, E_FILE_IO, if this node cannot read the file
   */
  async send(
    file: string,
    channels: readonly PeerChannel[],
    options: TransferOptions = {},
  ): Promise<DistributionResult[]> {
    const abort = new AbortController()
    const forward = () => {
      abort.abort(options.signal?.reason)
    }
    if (options.signal?.aborted === true) forward()
    options.signal?.addEventListener('abort', forward, { once: true })
    const sending = this.#send(file, channels, options, abort.signal)
    this.#running.set(sending, abort)
    try {
      return await sending
    } finally {
      this.#running.delete(sending)
      options.signal?.removeEventListener('abort', forward)
    }
  }

  answer(packet: FileAnswerFields, channel: PeerChannel): void {
    this.#sends.get(packet.transfer)?.answer(channel, packet)
  }

  gone(channel: PeerChannel, reason: P2PNetError): void {
    for (const send of this.#sends.values()) send.gone(channel, reason)
  }

  sweep(now: number): void {
    for (const send of this.#sends.values()) send.sweep(now)
  }

  /** Gives up everything. Resolves when nothing is open any more. */
  async stop(reason: P2PNetError): Promise<void> {
    const running = [...this.#running]
    for (const [, abort] of running) abort.abort(reason)
    await Promise.allSettled(running.map(([sending]) => sending))
  }

  async #send(
    file: string,
    channels: readonly PeerChannel[],
    options: TransferOptions,
    signal: AbortSignal,
  ): Promise<DistributionResult[]> {
    const source = await SourceFile.open(file)
    const transfer = Buffer.from(this.#services.random.bytes(16)).toString('hex')
    try {
      const sha256 = await source.hash(signal)
      const { name = path.basename(file), onProgress } = options
      const send = new Outgoing(this.#services, source, channels, { transfer, name, sha256, onProgress })
      this.#sends.set(transfer, send)
      const cancel = () => {
        send.cancel(abortOf(signal))
      }
      signal.addEventListener('abort', cancel, { once: true })
      await send.run()
      return channels.map((channel) => send.rowOf(channel) as DistributionResult)
    } catch (error) {
      if (!signal.aborted) throw error
      const { code, message } = abortOf(signal)
      return channels.map(({ peer }) => ({
        peer: peer.identifier ?? peer.address,
        ok: false,
        error: { code, message },
      }))
    } finally {
      this.#sends.delete(transfer)
      await source.close()
    }
  }
}

/** Given up by the application, or by the plugin as it leaves. */
function abortOf(signal: AbortSignal): P2PNetError {
  const reason: unknown = signal.reason
  const words =
    reason instanceof Error && reason.name !== 'AbortError'
      ? `the sender gave up: ${reason.message}`
      : 'the sender gave up'
  return new P2PNetError('E_ABORTED', words, { cause: reason })
}
