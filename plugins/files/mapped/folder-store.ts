/**
 * The file-system backend: every file as plain bytes in one folder, under its own name.
 */
import { constants } from 'node:fs'
import {
  link,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  statfs,
  unlink,
  type FileHandle as NodeFile,
} from 'node:fs/promises'
import path from 'node:path'
import { errnoOf, type FileHandle, type FileRecord, type FileStore, type StoredFile } from '../shared/index.ts'
import { IndexFile, type FileStamp } from './index-file.ts'
import { PartFiles } from './part-files.ts'

/** An open file; a part knows where it is. */
export interface FolderHandle extends FileHandle {
  readonly file: NodeFile
  readonly part?: string
  close(): Promise<void>
}

// A link is no file of ours, and a pipe must not keep us waiting. (Windows knows neither flag.)
const readOnly =
  constants.O_RDONLY |
  ((constants.O_NOFOLLOW as number | undefined) ?? 0) |
  ((constants.O_NONBLOCK as number | undefined) ?? 0)

/** No name of a file begins with a dot (names.ts), so these are ours. */
const partsFolder = '.parts'
const indexName = '.index'

/** What a file system without hard links answers to link(). */
const noLinks: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
  'EXDEV',
])

export interface FolderStoreOptions {
  /** The index could not be written; files are hashed again at the next start. */
  readonly onIndexFailed: (error: unknown) => void
}

interface Opened {
  /** Real path: the folder itself may be a link that the operator made, nothing in it may. */
  readonly root: string
  readonly parts: PartFiles
  readonly index: IndexFile
}

export class FolderStore implements FileStore<FolderHandle> {
  readonly #folder: string
  readonly #options: FolderStoreOptions
  #opened: Promise<Opened> | undefined
  #syncing: Promise<void> | undefined

  constructor(folder: string, options: FolderStoreOptions) {
    this.#folder = folder
    this.#options = options
  }

  /** Makes the folder if need be, sweeps old parts, reads the index. Every call does it if nobody has. */
  prepare(): Promise<Opened> {
    this.#opened ??= this.#prepare().catch((error: unknown) => {
      this.#opened = undefined
      throw error
    })
    return this.#opened
  }

  /** Lets go of the index. */
  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined)
    this.#opened = undefined
    await opened?.index.close()
  }

  async open(name: string, mode: 'read' | 'write'): Promise<FolderHandle> {
    const { root, parts } = await this.prepare()
    if (mode === 'read') return handleOf(await open(path.join(root, name), readOnly))
    const { file, path: part } = await parts.create(name)
    return handleOf(file, part)
  }

  async read({ file }: FolderHandle, position: number, into: Uint8Array): Promise<number> {
    const { bytesRead } = await file.read(into, 0, into.byteLength, position)
    return bytesRead
  }

  async write({ file }: FolderHandle, position: number, data: Uint8Array): Promise<void> {
    for (let done = 0; done < data.byteLength;) {
      const { bytesWritten } = await file.write(data, done, data.byteLength - done, position + done)
      done += bytesWritten
    }
  }

  async sync(handle?: FolderHandle): Promise<void> {
    if (handle !== undefined) return handle.file.datasync()
    // One sync of the folder serves everybody who asked before it began.
    const previous = this.#syncing
    if (previous !== undefined) await previous.catch(() => undefined)
    this.#syncing ??= this.#syncFolder().finally(() => {
      this.#syncing = undefined
    })
    return this.#syncing
  }

  async publish(record: FileRecord, part?: FolderHandle, how?: 'new' | 'replace'): Promise<void> {
    const { root, index } = await this.prepare()
    const target = path.join(root, record.name)
    if (part?.part === undefined) {
      const { changed, size } = await stampOf(target)
      // Somebody else's hand was faster than the hash.
      if (size === record.size) await this.#remember(index.put({ ...record, changed }))
      return
    }
    const { changed } = await stampOf(part.part)
    await part.close()
    if (how === 'replace') {
      // Before, and not after: a crash in between must not leave the old hash to a new file of the same size and time.
      await this.#remember(index.forget(record.name))
      await rename(part.part, target)
    } else {
      await linkNew(part.part, target)
    }
    await this.#remember(index.put({ ...record, changed }))
  }

  async remove(what: string | FolderHandle): Promise<void> {
    const { root, index } = await this.prepare()
    if (typeof what === 'string') {
      await rm(path.join(root, what), { force: true })
      await this.#remember(index.forget(what))
    } else if (what.part !== undefined) {
      await what.close()
      await rm(what.part, { force: true })
    }
  }

  async list(): Promise<StoredFile[]> {
    const { root, index } = await this.prepare()
    const entries = await readdir(root, { withFileTypes: true })
    const names = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name)
    const files: StoredFile[] = []
    // Some at a time: one by one is slow, all at once takes a thread's queue of ten thousand.
    for (let at = 0; at < names.length; at += 64)
      files.push(...(await Promise.all(names.slice(at, at + 64).map((name) => describe(root, name, index)))).flat())
    await this.#remember(index.keep(new Set(files.filter(({ id }) => id !== undefined).map(({ name }) => name))))
    return files
  }

  async free(): Promise<number> {
    const { root } = await this.prepare()
    const { bavail, bsize } = await statfs(root)
    return bavail * bsize
  }

  async #prepare(): Promise<Opened> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const root = await realpath(this.#folder)
    const parts = new PartFiles(path.join(root, partsFolder))
    await parts.prepare()
    const index = new IndexFile(path.join(root, indexName))
    await index.load()
    return { root, parts, index }
  }

  async #remember(writing: Promise<void>): Promise<void> {
    // The file itself is safe; without its record it costs a hash at the next start.
    await writing.catch(this.#options.onIndexFailed)
  }

  async #syncFolder(): Promise<void> {
    const { root } = await this.prepare()
    // Windows syncs no folders: the name is in the journal of NTFS by then.
    if (process.platform === 'win32') return
    const folder = await open(root, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  }
}

function handleOf(file: NodeFile, part?: string): FolderHandle {
  let closing: Promise<void> | undefined
  return { file, ...(part !== undefined && { part }), close: () => (closing ??= file.close()) }
}

async function describe(root: string, name: string, index: IndexFile): Promise<StoredFile[]> {
  const stamp = await stampOf(path.join(root, name)).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error
    return undefined
  })
  if (stamp === undefined) return []
  const record = index.find(name, stamp)
  return [{ name, size: stamp.size, ...(record !== undefined && { id: record.id, sha256: record.sha256 }) }]
}

async function stampOf(file: string): Promise<FileStamp> {
  const { size, mtimeNs } = await lstat(file, { bigint: true })
  return { size: Number(size), changed: String(mtimeNs) }
}

/** Gives the part its name unless somebody has it: a link does both in one step, where there are links. */
async function linkNew(part: string, target: string): Promise<void> {
  try {
    await link(part, target)
  } catch (error) {
    if (!noLinks.has(errnoOf(error))) throw error
    if (
      await lstat(target).then(
        () => true,
        () => false,
      )
    )
      throw Object.assign(new Error(`${target} exists`), { code: 'EEXIST' })
    await rename(part, target)
    return
  }
  await unlink(part)
}
