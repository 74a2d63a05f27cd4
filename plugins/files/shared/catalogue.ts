/**
 * What a manager knows of its files, in memory: by collision key and by id, and how many bytes they and the parts under
 * way take together.
 */
import { fileError } from './file-errors.ts'
import type { FileStore, StoredFile } from './file-store.ts'
import { checkName, collisionKey } from './names.ts'

/** One version of a file. A new version is a new entry. */
export interface Entry {
  readonly id: string
  /** As users see it. */
  readonly name: string
  /** As the store has it; differs where somebody put a file there whose name is not in NFC. */
  readonly stored: string
  readonly key: string
  readonly size: number
  /** Hex; undefined until somebody has read the file. */
  sha256: string | undefined
}

export interface CatalogueOptions {
  readonly store: Pick<FileStore, 'list'>
  readonly forbidden: RegExp | undefined
  newId(): string
  /** A file of the store that has no place here: its name is not allowed, or collides. */
  onSkipped(name: string, why: string): void
}

export class Catalogue {
  readonly #options: CatalogueOptions
  readonly #byKey = new Map<string, Entry>()
  readonly #byId = new Map<string, Entry>()
  #bytes = 0
  #loading: Promise<void> | undefined

  constructor(options: CatalogueOptions) {
    this.#options = options
  }

  /** Bytes of all files. */
  get bytes(): number {
    return this.#bytes
  }

  /** Asks the store, the first time. A failure is forgotten, so that the next caller tries again. */
  load(): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined
      throw error
    })
    return this.#loading
  }

  /** @throws P2PNetError E_FILE_NOT_FOUND */
  find(nameOrId: string): Entry {
    const entry = this.#byId.get(nameOrId) ?? this.named(nameOrId)
    if (entry !== undefined) return entry
    throw fileError('E_FILE_NOT_FOUND', `there is no file ${JSON.stringify(nameOrId.slice(0, 64))}`)
  }

  named(name: string): Entry | undefined {
    return typeof name === 'string' ? this.#byKey.get(collisionKey(name)) : undefined
  }

  has(entry: Entry): boolean {
    return this.#byId.get(entry.id) === entry
  }

  /** Puts it in the place of what has its key. */
  put(entry: Entry): void {
    const old = this.#byKey.get(entry.key)
    if (old !== undefined) this.delete(old)
    this.#byKey.set(entry.key, entry)
    this.#byId.set(entry.id, entry)
    this.#bytes += entry.size
  }

  delete(entry: Entry): void {
    if (!this.has(entry)) return
    this.#byId.delete(entry.id)
    this.#byKey.delete(entry.key)
    this.#bytes -= entry.size
  }

  /** By name. */
  get entries(): Entry[] {
    return [...this.#byKey.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async #load(): Promise<void> {
    const files = [...(await this.#options.store.list())]
    // In an order of ours, so that of two names that collide the same one wins each time.
    for (const file of files.sort((a, b) => (a.name < b.name ? -1 : 1))) this.#take(file)
  }

  #take({ name: stored, size, id, sha256 }: StoredFile): void {
    const { forbidden, newId, onSkipped } = this.#options
    let name: string
    try {
      name = checkName(stored, forbidden)
    } catch (error) {
      onSkipped(stored, (error as Error).message)
      return
    }
    const key = collisionKey(name)
    const other = this.#byKey.get(key)
    if (other !== undefined) onSkipped(stored, `its name is taken by ${other.stored}`)
    else this.put({ id: id ?? newId(), name, stored, key, size, sha256 })
  }
}
