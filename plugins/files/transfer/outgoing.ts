/**
 * One send: offers a file to its receivers, and reads it once for all that accept. They go in step: a chunk leaves when
 * each has room for it. Who refuses, fails or dies drops out, and the others go on.
 */
import type {
  Clock,
  DistributionResult,
  HostNetwork,
  Logger,
  NetworkPacket,
  PeerChannel,
  TransferProgress,
} from '../../../core/index.ts'
import { asP2PNetError, isP2PNetError, P2PNetError } from '../../../core/index.ts'
import { Bell } from './bell.ts'
import { fileAnswer, type FileAnswerFields } from './packets.ts'
import { ReceiverRow } from './receiver-row.ts'
import type { SourceFile } from './source-file.ts'

export interface OutgoingServices {
  readonly network: Pick<HostNetwork, 'post'>
  readonly clock: Clock
  readonly log: Logger
  readonly chunkBytes: number
  readonly idleMs: number
}

export interface OutgoingOptions {
  /** Unique in this node. */
  readonly transfer: string
  readonly name: string
  readonly sha256: string
  readonly onProgress: ((progress: TransferProgress) => void) | undefined
}

/** Once somebody has accepted, the others have this long to join; who is later gets a reading of the file of its own. */
const gatherMs = 500
/** A receiver may take this long for each byte when it makes all of them durable: a slow disk. */
const syncMsPerByte = 1 / 10_000

export class Outgoing {
  readonly #services: OutgoingServices
  readonly #source: SourceFile
  readonly #options: OutgoingOptions
  readonly #rows = new Map<PeerChannel, ReceiverRow>()
  readonly #bell = new Bell()

  constructor(
    services: OutgoingServices,
    source: SourceFile,
    channels: Iterable<PeerChannel>,
    options: OutgoingOptions,
  ) {
    this.#services = services
    this.#source = source
    this.#options = options
    for (const channel of channels) this.#rows.set(channel, new ReceiverRow(channel, services.clock.now()))
  }

  /** Resolves when every receiver has come to its end. */
  async run(): Promise<void> {
    const { transfer, name, sha256 } = this.#options
    const { chunkBytes } = this.#services
    const { size } = this.#source
    this.#post({ type: 'FileOffer', transfer, name, size, sha256, chunkBytes }, [...this.#rows.values()])
    while (await this.#gathered()) await this.#pass(this.#in('accepted'))
    await this.#bell.until(() => this.#all((row) => row.isFinal))
  }

  rowOf(channel: PeerChannel): DistributionResult | undefined {
    return this.#rows.get(channel)?.row
  }

  /** A receiver says something. */
  answer(channel: PeerChannel, { state, code, reason }: FileAnswerFields): void {
    const row = this.#rows.get(channel)
    if (row === undefined || row.isFinal) return
    row.movedAt = this.#services.clock.now()
    if (state === 'accept' && row.state === 'offered') {
      row.state = 'accepted'
      this.#tell(row)
    } else if (state === 'done') {
      if (row.state !== 'offered' && row.sent === this.#source.size) row.end()
      else this.#drop(row, new P2PNetError('E_TRANSFER_RULES', `${row.peer} has the file before it was sent`))
    } else if (state === 'refuse' || state === 'failed') {
      row.end({ code: codeOf(code), message: wordsOf(reason) })
    }
    this.#bell.ring()
  }

  /** A channel is closed. */
  gone(channel: PeerChannel, reason: P2PNetError): void {
    this.#rows.get(channel)?.end(reason)
    this.#bell.ring()
  }

  /** Gives up all that have not come to their end, and tells them. */
  cancel(reason: P2PNetError): void {
    for (const row of this.#rows.values()) this.#drop(row, reason)
    this.#bell.ring()
  }

  /** Gives up those on which nothing moves. */
  sweep(now: number): void {
    const { idleMs } = this.#services
    for (const row of this.#rows.values()) {
      // Whoever waits for its turn, or for others that go in step with it, is not to blame.
      if (row.isFinal || row.state === 'accepted' || (row.state === 'sending' && !row.isWaiting)) continue
      const patience = row.state === 'sent' ? idleMs + this.#source.size * syncMsPerByte : idleMs
      if (now - row.movedAt <= patience) continue
      this.#drop(row, new P2PNetError('E_TRANSFER_IDLE', `nothing moved for ${String(idleMs)} ms`))
    }
    this.#bell.ring()
  }

  /** Waits until somebody is to be served. False: nobody is left who could be. */
  async #gathered(): Promise<boolean> {
    const { clock } = this.#services
    const nobodyToCome = () => this.#in('offered').length === 0
    for (;;) {
      await this.#bell.until(() => this.#in('accepted').length > 0 || nobodyToCome())
      let late = false
      const timer = clock.setTimeout(() => {
        late = true
        this.#bell.ring()
      }, gatherMs)
      await this.#bell.until(() => late || nobodyToCome())
      clock.clear(timer)
      if (this.#in('accepted').length > 0) return true
      if (nobodyToCome()) return false
    }
  }

  /** Reads the file once, for these. */
  async #pass(rows: readonly ReceiverRow[]): Promise<void> {
    const { chunkBytes } = this.#services
    for (const row of rows) this.#move(row, 'sending')
    try {
      for await (const block of this.#source.blocks()) {
        for (let at = 0; at < block.byteLength; at += chunkBytes) {
          const chunk = block.subarray(at, at + chunkBytes)
          if (!(await this.#send(chunk, rows))) return
        }
      }
      for (const row of rows) if (row.state === 'sending') this.#move(row, 'sent')
    } catch (error) {
      // The file cannot be read any more: that is the end for all who still wait for it.
      for (const row of rows) this.#drop(row, asP2PNetError(error, 'E_TRANSFER_FAILED'))
    }
    this.#bell.ring()
  }

  /** One chunk to all that are still with us, once each has room. False: nobody is. */
  async #send(data: Buffer, rows: readonly ReceiverRow[]): Promise<boolean> {
    const { transfer } = this.#options
    const isLive = (row: ReceiverRow) => row.state === 'sending'
    await Promise.all(rows.filter(isLive).map((row) => row.until(row.channel.drained('bulk'))))
    const live = rows.filter(isLive)
    const position = live[0]?.sent
    if (position === undefined) return false
    const packet = { type: 'FileChunk', transfer, position, data } as const
    const full = this.#post(packet, live)
    // Other traffic has filled the queue to its limit: this one alone is encoded for the peer, when there is room.
    for (const row of full) await row.until(sendWithRoom(row, packet))
    for (const row of live.filter(isLive)) {
      row.sent += data.byteLength
      row.movedAt = this.#services.clock.now()
      this.#tell(row)
    }
    return true
  }

  /** Posts to all; answers those whose queue is full. Who cannot be posted to for another reason has failed. */
  #post(packet: Parameters<HostNetwork['post']>[0], rows: readonly ReceiverRow[]): ReceiverRow[] {
    const results = this.#services.network.post(
      packet,
      rows.map(({ channel }) => channel),
    )
    return rows.filter((row, i) => {
      const error = results[i]?.error
      if (error?.code === 'E_QUEUE_FULL' && row.state === 'sending') return true
      if (error !== undefined) row.end(error)
      return false
    })
  }

  #drop(row: ReceiverRow, reason: P2PNetError): void {
    if (row.isFinal) return
    row.end(reason)
    const cancel = fileAnswer(this.#options.transfer, 'cancel', { code: reason.code, reason: reason.message })
    // Whoever cannot be told is closing or stuck, and finds out by that.
    if (!row.channel.closed) row.channel.send(cancel).catch(() => undefined)
  }

  #move(row: ReceiverRow, state: 'sending' | 'sent'): void {
    row.state = state
    row.movedAt = this.#services.clock.now()
  }

  #tell({ peer, sent }: ReceiverRow): void {
    try {
      this.#options.onProgress?.({ peer, sent, size: this.#source.size })
    } catch (error) {
      this.#services.log.warn('onProgress of a transfer failed', { error: String(error) })
    }
  }

  #in(state: ReceiverRow['state']): ReceiverRow[] {
    return [...this.#rows.values()].filter((row) => row.state === state)
  }

  #all(holds: (row: ReceiverRow) => boolean): boolean {
    return [...this.#rows.values()].every(holds)
  }
}

/** Tries each time the queue was empty: whoever waits with us may fill it first. */
async function sendWithRoom(row: ReceiverRow, packet: NetworkPacket): Promise<void> {
  while (row.state === 'sending') {
    await row.channel.flushed()
    try {
      await row.channel.send(packet)
      return
    } catch (error) {
      if (!isP2PNetError(error) || error.code !== 'E_QUEUE_FULL') throw error
    }
  }
}

/** Codes and words of the other side end up before people and in logs. */
function codeOf(code: string | undefined): string {
  return code !== undefined && /^E_[A-Z0-9_]+$/.test(code) ? code : 'E_TRANSFER_FAILED'
}

function wordsOf(reason: string | undefined): string {
  const words = (reason ?? '').replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, ' ').trim()
  return words === '' ? 'the peer did not say why' : words
}
