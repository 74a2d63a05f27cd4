/**
 * The index: id and hash of every file, so that a restart need not read them all. A journal of one JSON record a line,
 * appended after each change and rewritten at start. It is a memory, never an authority: what does not fit the file
 * that is really there, or is torn, is forgotten, and the file is hashed again.
 */
import { open, readFile, rename, type FileHandle as NodeFile } from 'node:fs/promises'
import type { FileRecord } from '../shared/index.ts'

/** What the record was made of: the same size and time of change mean the same bytes. */
export interface FileStamp {
  readonly size: number
  /** Nanoseconds since 1970, in decimal. */
  readonly changed: string
}

export interface IndexRecord extends FileRecord {
  readonly changed: string
}

/** Lines that may be out of date before the journal is rewritten. */
const slack = 1000

export class IndexFile {
  readonly #path: string
  readonly #records = new Map<string, IndexRecord>()
  #journal: NodeFile | undefined
  #lines = 0

  constructor(path: string) {
    this.#path = path
  }

  /** Reads what can be read. */
  async load(): Promise<void> {
    const text = await readFile(this.#path, 'utf8').catch(() => '')
    for (const line of text.split('\n')) {
      const record = parse(line)
      if (record === undefined) continue
      if ('gone' in record) this.#records.delete(record.name)
      else this.#records.set(record.name, record)
    }
  }

  /** The record of a file that looks like this. */
  find(name: string, stamp: FileStamp): IndexRecord | undefined {
    const record = this.#records.get(name)
    return record?.size === stamp.size && record.changed === stamp.changed ? record : undefined
  }

  /** Forgets all but these files and rewrites the journal: old or new, whatever happens meanwhile. */
  async keep(names: ReadonlySet<string>): Promise<void> {
    for (const name of this.#records.keys()) if (!names.has(name)) this.#records.delete(name)
    await this.#rewrite()
  }

  async put(record: IndexRecord): Promise<void> {
    this.#records.set(record.name, record)
    await this.#append(record)
  }

  async forget(name: string): Promise<void> {
    if (this.#records.delete(name)) await this.#append({ name, gone: true })
  }

  async close(): Promise<void> {
    const journal = this.#journal
    this.#journal = undefined
    await journal?.close()
  }

  async #append(record: object): Promise<void> {
    if (this.#lines > 2 * this.#records.size + slack) return this.#rewrite()
    this.#journal ??= await open(this.#path, 'a', 0o600)
    // The line break comes first, so that a record after a torn one still stands on a line of its own.
    await this.#journal.write(`\n${JSON.stringify(record)}`)
    this.#lines++
  }

  async #rewrite(): Promise<void> {
    const fresh = `${this.#path}.new`
    const text = [...this.#records.values()].map((record) => `\n${JSON.stringify(record)}`).join('')
    const file = await open(fresh, 'w', 0o600)
    try {
      await file.writeFile(text)
    } finally {
      await file.close()
    }
    await this.close()
    await rename(fresh, this.#path)
    this.#lines = this.#records.size
  }
}

function parse(line: string): IndexRecord | { readonly name: string; readonly gone: true } | undefined {
  if (line === '') return undefined
  try {
    const { name, gone, id, size, sha256, changed } = JSON.parse(line) as Record<string, unknown>
    if (typeof name !== 'string') return undefined
    if (gone === true) return { name, gone }
    const fits = isHex(id, 32) && isHex(sha256, 64) && Number.isSafeInteger(size) && typeof changed === 'string'
    return fits ? { name, id, size: size as number, sha256, changed } : undefined
  } catch {
    // Torn by a power cut, or meddled with: the file is hashed again.
    return undefined
  }
}

function isHex(value: unknown, digits: number): value is string {
  return typeof value === 'string' && value.length === digits && /^[0-9a-f]+$/.test(value)
}
