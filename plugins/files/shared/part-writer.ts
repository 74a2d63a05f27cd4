/**
 * The writing of one file, from its first byte to its publication: into a part that nobody sees, counted, hashed, and
 * then put in its place or thrown away.
 */
import { createHash } from 'node:crypto'
import type { FileInfo, WriteOptions } from '../../../core/index.ts'
import { aborted } from './aborted.ts'
import { asFileError, fileError } from './file-errors.ts'
import { closeHandle, type FileStore } from './file-store.ts'
import type { Pieces } from './pieces.ts'
import type { Reservation } from './room.ts'

/** What a part needs of its manager. */
export interface PartServices<H extends object> {
  readonly store: FileStore<H>
  readonly pieces: Pieces
  readonly parallelWrites: number
  /** Checks the name and promises room. Answers the name of the part. @throws P2PNetError */
  admit(name: string, size: number): Promise<{ readonly part: string; readonly room: Reservation }>
  /** Puts a part that is complete in its place. @throws P2PNetError E_FILE_EXISTS, E_QUOTA, E_ABORTED */
  publish(part: WholePart<H>): Promise<FileInfo>
}

/** A part with all its bytes, checked. */
export interface WholePart<H extends object> {
  readonly handle: H
  readonly name: string
  readonly size: number
  readonly sha256: string
  /** False once the writing was given up: a publication that has not begun must not begin. */
  wanted(): boolean
  /** It counts as a file from now on, no longer as a part. */
  placed(): void
}

export class PartWriter<H extends object = object> {
  readonly #services: PartServices<H>
  readonly #name: string
  readonly #expected: WriteOptions
  readonly #hash = createHash('sha256')
  #handle: H | undefined
  #room: Reservation | undefined
  #written = 0
  /** The call under way; discard() waits for it. */
  #busy: Promise<unknown> = Promise.resolve()
  #discarded = false
  #published: FileInfo | undefined

  constructor(services: PartServices<H>, name: string, expected: WriteOptions) {
    this.#services = services
    this.#name = name
    this.#expected = expected
  }

  /** @throws P2PNetError E_FILE_NAME, E_FILE_EXISTS, E_QUOTA, before anything is written */
  open(): Promise<void> {
    return this.#run('open', async () => {
      const { size = 0, sha256 } = this.#expected
      if (!Number.isSafeInteger(size) || size < 0)
        throw fileError('E_FILE_SIZE', `${String(size)} is no size of a file`)
      if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256))
        throw fileError('E_HASH', 'sha256 must be 64 hex digits')
      const { part, room } = await this.#services.admit(this.#name, size)
      this.#room = room
      this.#handle = await this.#services.store.open(part, 'write', this.#expected.size)
    })
  }

  /** Takes the next bytes; one call at a time. @throws P2PNetError E_FILE_SIZE at the first byte too many, E_QUOTA */
  write(chunks: readonly Uint8Array[]): Promise<void> {
    return this.#run('write', () => this.#write(chunks))
  }

  /** All bytes are there: checks them and publishes. @throws P2PNetError E_FILE_SIZE, E_HASH, and as publish */
  finish(): Promise<FileInfo> {
    return this.#run('store', async () => {
      const { size = this.#written, sha256 } = this.#expected
      if (size !== this.#written)
        throw fileError('E_FILE_SIZE', `${String(this.#written)} bytes came, ${String(size)} were declared`)
      const actual = this.#hash.digest('hex')
      if (sha256 !== undefined && sha256.toLowerCase() !== actual)
        throw fileError('E_HASH', `the SHA-256 is ${actual}, not ${sha256.toLowerCase()}`)
      return (this.#published = await this.#services.publish({
        handle: this.#opened(),
        name: this.#name,
        size,
        sha256: actual,
        wanted: () => !this.#discarded,
        placed: () => this.#room?.release(),
      }))
    })
  }

  /** Lets go of everything. What is not published is gone afterwards; what is, is answered. */
  async discard(): Promise<FileInfo | undefined> {
    this.#discarded = true
    // At once, not when the bytes are gone: the next writer need not wait for the disk.
    this.#room?.release()
    await this.#busy
    const handle = this.#handle
    this.#handle = undefined
    try {
      if (handle !== undefined && this.#published === undefined) await this.#services.store.remove(handle)
    } finally {
      // Again, if it was promised meanwhile.
      this.#room?.release()
      await closeHandle(handle)
    }
    return this.#published
  }

  async #write(chunks: readonly Uint8Array[]): Promise<void> {
    const { store, pieces, parallelWrites } = this.#services
    const handle = this.#opened()
    const { size } = this.#expected
    const total = chunks.reduce((sum, chunk) => sum + chunk.byteLength, this.#written)
    if (size !== undefined && total > size)
      throw fileError('E_FILE_SIZE', `more bytes came than the ${String(size)} that were declared`)
    this.#room?.grow(total)
    let failure: { error: unknown } | undefined
    const writes: Promise<void>[] = []
    for (const { bytes, release } of pieces.of(chunks)) {
      if (writes.length >= parallelWrites) await writes.shift()
      if (failure !== undefined || this.#discarded) break
      const write = store
        .write(handle, this.#written, bytes)
        .catch((error: unknown) => {
          failure ??= { error }
        })
        .then(release)
      writes.push(write)
      // While the store writes; on the same bytes, so that nobody is asked for them twice.
      this.#hash.update(bytes)
      this.#written += bytes.byteLength
    }
    await Promise.all(writes)
    if (failure !== undefined) throw failure.error
  }

  #opened(): H {
    if (this.#handle === undefined || this.#discarded) throw aborted(this.#name)
    return this.#handle
  }

  #run<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const run = work().catch((error: unknown) => {
      throw asFileError(error, `could not ${doing} ${this.#name}`)
    })
    this.#busy = run.catch(() => undefined)
    return run
  }
}
