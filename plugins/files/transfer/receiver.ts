/**
 * The receiving side of all transfers of a node: who offers what, where it goes, and when the disk needs a pause.
 */
import {
  asP2PNetError,
  isRefusal,
  P2PNetError,
  type Clock,
  type FileInfo,
  type FileManager,
  type HostNetwork,
  type PeerChannel,
  type Refusal,
} from '../../../core/index.ts'
import { Incoming } from './incoming.ts'
import { fileAnswer, type FileAnswerFields, type FileChunkFields, type FileOfferFields } from './packets.ts'

export interface ReceiverServices {
  readonly network: Pick<HostNetwork, 'ask' | 'emit' | 'refuse'>
  readonly files: FileManager
  readonly clock: Clock
  /** Bytes; Infinity for any. */
  readonly maxFileBytes: number
  /** Files at once from one peer. */
  readonly incoming: number
  readonly idleMs: number
  /** Longest pause of a channel's reading, in ms. */
  readonly pauseMs: number
}

/** Bytes of all transfers that may wait for the disk before reading pauses. */
const pendingBytes = 4_194_304
/** Transfers that ended and of which chunks may still be on the way, remembered for each channel. */
const remembered = 1024

interface Line {
  readonly files: Map<string, Incoming>
  readonly ended: Set<string>
}

export class Receiver {
  readonly #services: ReceiverServices
  readonly #lines = new Map<PeerChannel, Line>()
  readonly #running = new Set<Promise<void>>()
  #pending = 0
  #waiting: (() => void)[] = []

  constructor(services: ReceiverServices) {
    this.#services = services
  }

  /** So much waits for the disk that reading should pause. */
  get isPressed(): boolean {
    return this.#pending > pendingBytes
  }

  offer(packet: FileOfferFields, channel: PeerChannel): void {
    const objection = this.#objection(packet, channel)
    if (objection !== undefined) {
      this.#answer(channel, packet.transfer, 'refuse', objection)
      return
    }
    const file = new Incoming(channel, packet, this.#services.clock.now())
    this.#line(channel).files.set(packet.transfer, file)
    const running = this.#receive(file).finally(() => {
      this.#running.delete(running)
    })
    this.#running.add(running)
  }

  chunk(packet: FileChunkFields, channel: PeerChannel): void {
    const line = this.#line(channel)
    const file = line.files.get(packet.transfer)
    if (file === undefined) {
      // What was on its way when the transfer ended is no offence.
      if (line.ended.has(packet.transfer)) return
      remember(line.ended, packet.transfer)
      this.#fail(channel, packet.transfer, {
        code: 'E_TRANSFER_RULES',
        reason: 'a chunk of a file that nobody offered came',
      })
      return
    }
    file.movedAt = this.#services.clock.now()
    try {
      this.#pending += file.take(packet, (bytes) => {
        this.#taken(bytes)
      })
    } catch (error) {
      this.#cutOff(file, error)
    }
  }

  /** The sender gives up. */
  cancel(transfer: string, channel: PeerChannel): void {
    const file = this.#lines.get(channel)?.files.get(transfer)
    if (file !== undefined && this.#forget(file)) file.close()
  }

  /** Resolves when the disk has caught up, at the latest after `pauseMs`. */
  room(): Promise<void> {
    if (!this.isPressed) return Promise.resolve()
    const { clock, pauseMs } = this.#services
    return new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, pauseMs)
      this.#waiting.push(() => {
        clock.clear(timer)
        resolve()
      })
    })
  }

  /** A channel is closed: what came of its files is thrown away, unless all of it came. */
  gone(channel: PeerChannel): void {
    const files = this.#lines.get(channel)?.files.values() ?? []
    this.#lines.delete(channel)
    for (const file of files) if (!file.isWhole) file.close()
  }

  /** Cuts off senders that have stopped. */
  sweep(now: number): void {
    const { idleMs } = this.#services
    for (const { files } of this.#lines.values())
      for (const file of files.values()) {
        // Waiting for the disk, or for an answer of ours, is no fault of the sender.
        if (!file.awaitsChunk || file.pending > 0 || now - file.movedAt <= idleMs) continue
        this.#cutOff(file, new P2PNetError('E_TRANSFER_IDLE', `nothing came for ${String(idleMs)} ms`))
      }
  }

  /** Cuts off everybody. Resolves when nothing is left over. */
  async stop(reason: P2PNetError): Promise<void> {
    for (const { files } of this.#lines.values()) for (const file of files.values()) this.#cutOff(file, reason)
    await Promise.all(this.#running)
  }

  #objection({ transfer, size }: FileOfferFields, channel: PeerChannel): Refusal | undefined {
    const { incoming, maxFileBytes } = this.#services
    const { files } = this.#line(channel)
    if (files.has(transfer)) return { code: 'E_TRANSFER_RULES', reason: 'two transfers cannot have one name' }
    if (files.size >= incoming) return { code: 'E_LIMIT', reason: `no more than ${String(incoming)} files at once` }
    if (size > maxFileBytes) return { code: 'E_FILE_SIZE', reason: `no file above ${String(maxFileBytes)} bytes` }
    return undefined
  }

  async #receive(file: Incoming): Promise<void> {
    const { network, files } = this.#services
    const { transfer, name, size, sha256 } = file.offer
    let stored: Promise<FileInfo>
    try {
      const verdict = await network.ask('files.incoming', { name, size, sha256 }, file.channel)
      if (isRefusal(verdict)) throw new P2PNetError(verdict.code, verdict.reason)
      if (file.closed) return
      ;({ stored } = await file.open(files, verdict?.name ?? name))
    } catch (error) {
      if (this.#forget(file)) this.#answer(file.channel, transfer, 'refuse', tellable(error))
      return
    }
    if (!file.closed) {
      this.#answer(file.channel, transfer, 'accept')
      file.begin()
    }
    try {
      const info = await stored
      this.#forget(file)
      network.emit('fileReceived', info, file.channel)
      this.#answer(file.channel, transfer, 'done')
    } catch (error) {
      this.#cutOff(file, error)
    }
  }

  /** Ends a transfer that was not the sender's to end, and tells it why. */
  #cutOff(file: Incoming, error: unknown): void {
    if (!this.#forget(file)) return
    file.close()
    this.#fail(file.channel, file.offer.transfer, tellable(error))
  }

  #fail(channel: PeerChannel, transfer: string, why: Refusal): void {
    this.#services.network.refuse(why, channel.peer.identifier ?? channel.peer.address, 'files.transfer')
    this.#answer(channel, transfer, 'failed', why)
  }

  #answer(channel: PeerChannel, transfer: string, state: FileAnswerFields['state'], why?: Refusal): void {
    // Whoever cannot be told is closing or stuck, and finds out by that.
    if (!channel.closed) channel.send(fileAnswer(transfer, state, why)).catch(() => undefined)
  }

  /** False: somebody else has ended it. */
  #forget(file: Incoming): boolean {
    const line = this.#lines.get(file.channel)
    if (line?.files.get(file.offer.transfer) !== file) return false
    line.files.delete(file.offer.transfer)
    remember(line.ended, file.offer.transfer)
    return true
  }

  #line(channel: PeerChannel): Line {
    let line = this.#lines.get(channel)
    if (line === undefined) this.#lines.set(channel, (line = { files: new Map(), ended: new Set() }))
    return line
  }

  #taken(bytes: number): void {
    this.#pending -= bytes
    if (this.#pending > pendingBytes / 2) return
    for (const resume of this.#waiting.splice(0)) resume()
  }
}

/** The oldest goes when there are too many: what it sent has long arrived. */
function remember(ended: Set<string>, transfer: string): void {
  ended.add(transfer)
  if (ended.size > remembered) for (const oldest of ended) return void ended.delete(oldest)
}

/** What a peer may know of an error: never the paths of this machine. */
function tellable(thrown: unknown): Refusal {
  const { code, message, cause } = asP2PNetError(thrown, 'E_TRANSFER_FAILED')
  if (code === 'E_TRANSFER_FAILED' || cause !== undefined)
    return { code, reason: 'the receiver could not store the file' }
  return { code, reason: message }
}
