/**
 * One file on its way in: chunks in order into a stream of the file manager, which counts and hashes them. Whoever
 * breaks the rules is cut off, and nothing of the file stays.
 */
import {
  borrowPieces,
  P2PNetError,
  type FileInfo,
  type FileManager,
  type FileWriteStream,
  type PeerChannel,
} from '../../../core/index.ts'
import type { FileChunkFields, FileOfferFields } from './packets.ts'

const nothing = new Uint8Array()

export class Incoming {
  readonly channel: PeerChannel
  readonly offer: FileOfferFields
  /** When something moved, in ms. */
  movedAt: number
  /** Bytes that the manager has not taken yet. */
  pending = 0
  #received = 0
  #begun = false
  #stream: FileWriteStream | undefined
  #closed = false

  constructor(channel: PeerChannel, offer: FileOfferFields, now: number) {
    this.channel = channel
    this.offer = offer
    this.movedAt = now
  }

  get closed(): boolean {
    return this.#closed
  }

  /** It is the sender's turn. */
  get awaitsChunk(): boolean {
    return this.#begun && !this.isWhole
  }

  /** Every byte is there; what remains is ours to do. */
  get isWhole(): boolean {
    return this.#begun && this.#received === this.offer.size
  }

  /**
   * Asks the manager for a place. Resolves once bytes may come.
   * @throws P2PNetError as the manager refuses: E_FILE_NAME, E_FILE_EXISTS, E_QUOTA, …
   */
  async open(files: FileManager, name: string): Promise<{ readonly stored: Promise<FileInfo> }> {
    const { size, sha256 } = this.offer
    const stream = files.createWriteStream(name, { size, sha256 })
    this.#stream = stream
    stream.stored.catch(() => undefined)
    // Writing nothing answers when the stream is open, whoever's stream it is.
    const opened = new Promise<void>((resolve, reject) => {
      stream.write(nothing, (error) => {
        if (error == null) resolve()
        else reject(error)
      })
    })
    await Promise.race([opened, stream.stored])
    if (this.#closed) stream.destroy()
    // In an object, because a promise of a promise would wait for both.
    return { stored: stream.stored }
  }

  /** The sender may begin. Of an empty file nothing more will come. */
  begin(): void {
    this.#begun = true
    if (this.offer.size === 0) this.#stream?.end()
  }

  /**
   * Takes the next chunk and answers its bytes; `taken` is called when the manager has them.
   * @throws P2PNetError E_TRANSFER_RULES, E_FILE_SIZE
   */
  take(packet: FileChunkFields, taken: (bytes: number) => void): number {
    const { size, chunkBytes } = this.offer
    const { position } = packet
    // As they were read: the manager puts together what it writes.
    const { pieces, release } = borrowPieces(packet, 'data')
    const bytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0)
    if (this.#stream === undefined || !this.#begun) throw rules('a chunk came before the answer to the offer')
    if (position !== this.#received)
      throw rules(`the chunk at ${String(position)} came where ${String(this.#received)} was next`)
    if (position + bytes > size)
      throw new P2PNetError('E_FILE_SIZE', `more than the ${String(size)} bytes offered came`)
    if (bytes === 0 || bytes > chunkBytes)
      throw rules(`a chunk of ${String(bytes)} bytes came; ${String(chunkBytes)} were agreed`)
    this.#received += bytes
    this.pending += bytes
    let left = pieces.length
    for (const piece of pieces)
      this.#stream.write(piece, () => {
        this.pending -= piece.byteLength
        if (--left === 0) release()
        taken(piece.byteLength)
      })
    if (this.#received === size) this.#stream.end()
    return bytes
  }

  /** Throws away what is there, unless it is stored already. */
  close(): void {
    this.#closed = true
    this.#stream?.destroy()
  }
}

function rules(words: string): P2PNetError {
  return new P2PNetError('E_TRANSFER_RULES', words)
}
