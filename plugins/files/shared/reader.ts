/**
 * Opens versions of files: what the catalogue says and what the store hands out are of the same version, or the opening
 * is tried again.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:buffer'
import type { Catalogue, Entry } from './catalogue.ts'
import { asFileError, errnoOf, fileError } from './file-errors.ts'
import { closeHandle, type FileStore } from './file-store.ts'
import type { Publisher } from './publisher.ts'
import type { OpenFile } from './read-stream.ts'

/** One read of the store asks for at most this much. */
const readBytes = 1_048_576

export interface ReaderOptions<H extends object> {
  readonly store: FileStore<H>
  readonly catalogue: Catalogue
  readonly publisher: Publisher<H>
}

export class Reader<H extends object> {
  readonly #options: ReaderOptions<H>
  readonly #hashing = new WeakMap<Entry, Promise<string>>()

  constructor(options: ReaderOptions<H>) {
    this.#options = options
  }

  /** @throws P2PNetError E_FILE_NOT_FOUND */
  async open(nameOrId: string): Promise<OpenFile> {
    const { store, catalogue, publisher } = this.#options
    for (;;) {
      const entry = catalogue.find(nameOrId)
      await publisher.changing(entry.key)
      if (!catalogue.has(entry)) continue
      const handle = await store.open(entry.stored, 'read').catch((error: unknown) => {
        if (errnoOf(error) !== 'ENOENT') throw asFileError(error, `could not open ${entry.name}`)
        return undefined
      })
      // Published anew or removed meanwhile: the handle may be of either version.
      if (publisher.changing(entry.key) !== undefined || !catalogue.has(entry)) await closeHandle(handle)
      else if (handle !== undefined) return this.#opened(entry, handle)
      else throw fileError('E_FILE_NOT_FOUND', `${entry.name} was removed behind the manager's back`)
    }
  }

  /** @throws P2PNetError E_FILE_SIZE if it is larger than a buffer can be */
  async whole(file: OpenFile): Promise<Uint8Array> {
    if (file.size > constants.MAX_LENGTH)
      throw fileError('E_FILE_SIZE', `${file.name} has ${String(file.size)} bytes; read it with createReadStream()`)
    const bytes = Buffer.allocUnsafeSlow(file.size)
    for (let at = 0; at < file.size;) at += await file.read(at, bytes.subarray(at, at + 16 * readBytes))
    return bytes
  }

  /** The hash of a file that the store listed without one: read now, and told to the store. */
  hash(entry: Entry): Promise<string> {
    let hashing = this.#hashing.get(entry)
    if (hashing === undefined) {
      hashing = this.#hash(entry)
      this.#hashing.set(entry, hashing)
      hashing.catch(() => this.#hashing.delete(entry))
    }
    return hashing
  }

  async #hash(entry: Entry): Promise<string> {
    const file = await this.open(entry.id)
    const hash = createHash('sha256')
    const buffer = Buffer.allocUnsafeSlow(Math.min(readBytes, file.size))
    try {
      for (let at = 0; at < file.size;) {
        const count = await file.read(at, buffer.subarray(0, file.size - at))
        hash.update(buffer.subarray(0, count))
        at += count
      }
    } finally {
      await file.close()
    }
    const sha256 = hash.digest('hex')
    await this.#options.publisher.record(entry, sha256)
    return sha256
  }

  #opened({ name, size }: Entry, handle: H): OpenFile {
    const { store } = this.#options
    return {
      name,
      size,
      async read(position, into) {
        const count = await store.read(handle, position, into).catch((error: unknown) => {
          throw asFileError(error, `could not read ${name}`)
        })
        if (count === 0)
          throw fileError('E_FILE_IO', `${name} ends at ${String(position)}, before its ${String(size)} bytes`)
        return count
      },
      close: async () => {
        await closeHandle(handle)
      },
    }
  }
}
