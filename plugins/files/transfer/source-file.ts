/**
 * A file that is about to be sent: hashed once, and then read once however many receivers there are, a block ahead of
 * what is being sent.
 */
import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { asFileError, errnoOf, fileError } from '../shared/index.ts'

const blockBytes = 1_048_576

export class SourceFile {
  readonly path: string
  /** Bytes, when it was opened. */
  readonly size: number
  readonly #file: FileHandle

  private constructor(path: string, size: number, file: FileHandle) {
    this.path = path
    this.size = size
    this.#file = file
  }

  /** @throws P2PNetError E_FILE_NOT_FOUND, E_FILE_IO */
  static async open(path: string): Promise<SourceFile> {
    const file = await open(path, 'r').catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') throw fileError('E_FILE_NOT_FOUND', `there is no file ${path}`, error)
      throw asFileError(error, `could not open ${path}`)
    })
    const stat = await file.stat()
    if (stat.isFile()) return new SourceFile(path, stat.size, file)
    await file.close()
    throw fileError('E_FILE_IO', `${path} is not a regular file`)
  }

  /** SHA-256 in hex; stops when the signal says so. */
  async hash(signal: AbortSignal): Promise<string> {
    const hash = createHash('sha256')
    // One is read into while the other is hashed; nothing but the hash remains of them.
    const pair = [Buffer.allocUnsafeSlow(blockBytes), Buffer.allocUnsafeSlow(blockBytes)] as const
    let turn = 0
    signal.throwIfAborted()
    for await (const block of this.blocks((bytes) => pair[turn++ & 1 ? 1 : 0].subarray(0, bytes))) {
      signal.throwIfAborted()
      hash.update(block)
    }
    return hash.digest('hex')
  }

  /**
   * Its bytes, block by block; the next block is read while one is used. `room` makes room for a block; by default no
   * memory is used twice, so that a block may be kept.
   * @throws P2PNetError E_FILE_IO if it became shorter
   */
  async *blocks(room = (bytes: number) => Buffer.allocUnsafeSlow(bytes)): AsyncGenerator<Buffer> {
    let next = this.#readAhead(0, room)
    try {
      for (let position = 0; position < this.size;) {
        const block = await next
        position += block.byteLength
        next = this.#readAhead(position, room)
        yield block
      }
    } finally {
      // Whoever leaves early must not close the file under a read.
      await next.catch(() => undefined)
    }
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  #readAhead(position: number, room: (bytes: number) => Buffer): Promise<Buffer> {
    const bytes = Math.min(blockBytes, Math.max(this.size - position, 0))
    const reading = this.#read(position, room(bytes))
    // It may fail before anybody looks; whoever does is told all the same.
    reading.catch(() => undefined)
    return reading
  }

  async #read(position: number, block: Buffer): Promise<Buffer> {
    for (let at = 0; at < block.byteLength;) {
      const { bytesRead } = await this.#file
        .read(block, at, block.byteLength - at, position + at)
        .catch((error: unknown) => {
          throw asFileError(error, `could not read ${this.path}`)
        })
      if (bytesRead === 0) throw fileError('E_FILE_IO', `${this.path} became shorter while it was sent`)
      at += bytesRead
    }
    return block
  }
}
