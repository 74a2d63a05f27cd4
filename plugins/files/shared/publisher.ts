/**
 * Changes what files there are, one change at a time: puts a part in its place under the policy for duplicates, or
 * removes a file. Everything before this is invisible, everything after it durable as the operator wished.
 */
import type { FileInfo } from '../../../core/index.ts'
import { aborted } from './aborted.ts'
import type { Catalogue, Entry } from './catalogue.ts'
import { asFileError, errnoOf, fileError } from './file-errors.ts'
import type { FileStore } from './file-store.ts'
import { collisionKey, markedName } from './names.ts'
import type { WholePart } from './part-writer.ts'
import type { Room } from './room.ts'
import { Serial } from './serial.ts'

/** What becomes of a file whose name is taken: an error, a name with a number, the place of the old file. */
export type DuplicatePolicy = 'reject' | 'rename' | 'replace'

/** What is synced before a file counts as stored. */
export type Durability = 'none' | 'file' | 'file+dir'

export interface PublisherOptions<H extends object> {
  readonly store: FileStore<H>
  readonly catalogue: Catalogue
  readonly room: Room
  readonly duplicates: DuplicatePolicy
  readonly durability: Durability
  newId(): string
}

export class Publisher<H extends object> {
  readonly #options: PublisherOptions<H>
  readonly #changes = new Serial()
  #changing: { readonly key: string; readonly done: Promise<unknown> } | undefined

  constructor(options: PublisherOptions<H>) {
    this.#options = options
  }

  /** The change under way of this key, to wait for before the file is opened. */
  changing(key: string): Promise<unknown> | undefined {
    return this.#changing?.key === key ? this.#changing.done : undefined
  }

  /** Resolves when no change is under way. */
  idle(): Promise<void> {
    return this.#changes.run(async () => undefined)
  }

  /** @throws P2PNetError E_FILE_EXISTS, E_QUOTA, E_ABORTED */
  async publish(part: WholePart<H>, name: string): Promise<FileInfo> {
    const { store, durability } = this.#options
    if (durability !== 'none') await store.sync(part.handle)
    const info = await this.#changes.run(async () => {
      if (!part.wanted()) throw aborted(name)
      const placed = await this.#place(part, name)
      part.placed()
      return placed
    })
    if (durability === 'file+dir') await store.sync()
    return info
  }

  async remove(nameOrId: string): Promise<void> {
    const { store, catalogue, durability } = this.#options
    await this.#changes
      .run(async () => {
        const entry = catalogue.find(nameOrId)
        await this.#change(entry.key, async () => {
          await store.remove(entry.stored)
          catalogue.delete(entry)
        })
      })
      .catch((error: unknown) => {
        throw asFileError(error, `could not remove ${nameOrId}`)
      })
    if (durability === 'file+dir') await store.sync()
  }

  /** The hash of a file that the store listed without one. */
  record(entry: Entry, sha256: string): Promise<void> {
    const { store, catalogue } = this.#options
    return this.#changes.run(async () => {
      if (!catalogue.has(entry)) return
      entry.sha256 = sha256
      await store.publish({ name: entry.stored, id: entry.id, size: entry.size, sha256 })
    })
  }

  async #place(part: WholePart<H>, name: string): Promise<FileInfo> {
    const { catalogue, duplicates } = this.#options
    const old = catalogue.named(name)
    if (old !== undefined && duplicates === 'replace') {
      // The old spelling stays: two names of one file, seen by whoever looks in between, would be one too many.
      this.#options.room.checkPublication(part.size, old.size)
      return this.#put(part, old.name, old.stored, 'replace')
    }
    this.#options.room.checkPublication(part.size, 0)
    for (const free of duplicates === 'rename' ? this.#alternatives(name) : [name]) {
      if (catalogue.named(free) !== undefined) continue
      try {
        return await this.#put(part, free, free, 'new')
      } catch (error) {
        // Something that is no file of ours has the name.
        if (errnoOf(error) !== 'EEXIST') throw error
      }
    }
    throw fileError('E_FILE_EXISTS', `there is a file ${name} already`)
  }

  async #put(part: WholePart<H>, name: string, stored: string, how: 'new' | 'replace'): Promise<FileInfo> {
    const { store, catalogue, newId } = this.#options
    const { size, sha256 } = part
    const id = newId()
    const key = collisionKey(name)
    await this.#change(key, async () => {
      await store.publish({ name: stored, id, size, sha256 }, part.handle, how)
      catalogue.put({ id, name, stored, key, size, sha256 })
    })
    return { id, name, size, sha256 }
  }

  /** The name, then numbered ones, then, for whoever sends one name for ever, random ones. */
  *#alternatives(name: string): Generator<string> {
    yield name
    for (let number = 2; number <= numbered; number++) yield markedName(name, String(number))
    for (let tries = 0; tries < 10; tries++) yield markedName(name, this.#options.newId().slice(0, 12))
  }

  async #change(key: string, work: () => Promise<void>): Promise<void> {
    const done = work()
    this.#changing = { key, done: done.catch(() => undefined) }
    try {
      await done
    } finally {
      this.#changing = undefined
    }
  }
}

/** Counting further would cost more with every file. */
const numbered = 99
