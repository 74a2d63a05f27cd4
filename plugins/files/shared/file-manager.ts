/**
 * The `files` capability over any store: names, ids, quota, duplicates, durability, hashes and atomic publication, once
 * for every manager.
 */
import type { Readable } from 'node:stream'
import {
  P2PNetError,
  systemClock,
  systemRandom,
  type Clock,
  type DataTransmissionPacket,
  type FileInfo,
  type FileManager,
  type FileWriteStream,
  type Random,
  type ReadRange,
  type WriteOptions,
} from '../../../core/index.ts'
import { Catalogue, type Entry } from './catalogue.ts'
import { asFileError, fileError } from './file-errors.ts'
import type { FileStore } from './file-store.ts'
import { checkName } from './names.ts'
import { PartWriter, type PartServices } from './part-writer.ts'
import { Pieces } from './pieces.ts'
import { Publisher, type DuplicatePolicy, type Durability } from './publisher.ts'
import { Reader } from './reader.ts'
import { readStream } from './read-stream.ts'
import { Room } from './room.ts'
import { PartStream } from './write-stream.ts'

export interface FileManagerOptions {
  /** Most bytes that the files may take together; default Infinity. */
  readonly quota?: number
  /** What becomes of a file whose name is taken; default `rename`. */
  readonly duplicates?: DuplicatePolicy
  /** What is synced before a file counts as stored; default `file`. */
  readonly durability?: Durability
  readonly clock?: Clock
  readonly random?: Random
  /** Characters that the store cannot keep in a name, besides those that no manager takes. */
  readonly forbidden?: RegExp
  /** Writes of one file that the store is asked for at once; default 4. A store that can only append wants 1. */
  readonly parallelWrites?: number
  /** The store has a file that cannot be shown, because its name is not allowed or collides with another. */
  readonly onSkipped?: (name: string, why: string) => void
}

/** A manager, with the end of its life. */
export interface ManagedFiles extends FileManager {
  /** Gives up every stream that is open, and resolves when nothing of them is left. The store stays open. */
  close(): Promise<void>
}

/**
 * Makes a file manager of a store.
 *
 * ```ts
 * const files = fileManager(store, { quota: 1e9, duplicates: 'reject' })
 * const { id, sha256 } = await files.writeToFile('hello.txt', Buffer.from('hello'))
 * ```
 */
export function fileManager<H extends object>(store: FileStore<H>, options: FileManagerOptions = {}): ManagedFiles {
  const { quota = Infinity, duplicates = 'rename', durability = 'file', parallelWrites = 4 } = options
  const { clock = systemClock, random = systemRandom, forbidden, onSkipped = () => undefined } = options
  const newId = () => Buffer.from(random.bytes(16)).toString('hex')
  const catalogue = new Catalogue({ store, forbidden, newId, onSkipped })
  const room = new Room({ quota, used: () => catalogue.bytes, free: () => store.free() })
  const publisher = new Publisher({ store, catalogue, room, duplicates, durability, newId })
  const reader = new Reader({ store, catalogue, publisher })
  const streams = new Set<Readable | FileWriteStream>()
  let closed = false

  const ready = async () => {
    if (closed) throw new P2PNetError('E_STOPPING', 'the file manager is closed')
    await catalogue.load().catch((error: unknown) => {
      throw asFileError(error, 'could not list the files')
    })
  }
  const parts: PartServices<H> = {
    store,
    pieces: new Pieces(),
    parallelWrites,
    async admit(name, size) {
      const checked = checkName(name, forbidden)
      await ready()
      const old = catalogue.named(checked)
      if (old !== undefined && duplicates === 'reject')
        throw fileError('E_FILE_EXISTS', `there is a file ${old.name} already`)
      return { part: newId(), room: await room.reserve(size, duplicates === 'replace' ? (old?.size ?? 0) : 0) }
    },
    publish: (part) => publisher.publish(part, checkName(part.name, forbidden)),
  }
  const track = <S extends Readable | FileWriteStream>(stream: S): S => {
    streams.add(stream)
    stream.once('close', () => streams.delete(stream))
    return stream
  }
  const open = async (nameOrId: string) => {
    await ready()
    return reader.open(nameOrId)
  }
  const infoOf = async (entry: Entry): Promise<FileInfo> => {
    const { id, name, size } = entry
    return { id, name, size, sha256: entry.sha256 ?? (await reader.hash(entry)) }
  }
  const writeToFile = async (name: string, data: Uint8Array): Promise<FileInfo> => {
    const part = new PartWriter(parts, name, { size: data.byteLength })
    try {
      await part.open()
      await part.write([data])
      return await part.finish()
    } finally {
      await part.discard()
    }
  }

  return {
    writeToFile,
    inboundDataPacketToFile({ data }: DataTransmissionPacket) {
      // The packet names no file: the time is for people, the random part keeps two of one millisecond apart.
      const time = new Date(clock.now())
        .toISOString()
        .replace(/[^0-9]/g, '')
        .slice(0, 14)
      return writeToFile(`data-${time}-${newId().slice(0, 8)}`, data)
    },
    async getFile(nameOrId) {
      const file = await open(nameOrId)
      try {
        return await reader.whole(file)
      } finally {
        await file.close()
      }
    },
    async list() {
      await ready()
      const infos: FileInfo[] = []
      for (const entry of catalogue.entries) {
        try {
          infos.push(await infoOf(entry))
        } catch (error) {
          // It went while others were hashed: then it is not there any more, and that is no failure.
          if (catalogue.has(entry)) throw error
        }
      }
      return infos
    },
    async stat(nameOrId) {
      await ready()
      return infoOf(catalogue.find(nameOrId))
    },
    async remove(nameOrId) {
      await ready()
      await publisher.remove(nameOrId)
    },
    createReadStream: (nameOrId: string, range?: ReadRange) => track(readStream(() => open(nameOrId), range)),
    createWriteStream: (name: string, expected: WriteOptions = {}) =>
      track(new PartStream(new PartWriter(parts, name, expected))),
    async close() {
      closed = true
      const left = [...streams].map((stream) => {
        const gone = new Promise((resolve) => stream.once('close', resolve))
        stream.destroy(new P2PNetError('E_STOPPING', 'the file manager closes'))
        return gone
      })
      await Promise.all(left)
      await publisher.idle()
    },
  }
}
