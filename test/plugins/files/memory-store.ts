/**
 * The store of the example in plugins/files/shared/file-store.ts, with a switch to make its calls fail, and
 * parts that grow by doubling.
 */
import type { FileRecord, FileStore, StoredFile } from '../../../plugins/files/shared/index.ts'

export interface MemoryHandle {
  bytes: Uint8Array
  open: boolean
  close(): void
}

export class MemoryStore implements FileStore<MemoryHandle> {
  readonly files = new Map<string, { bytes: Uint8Array; id: string; sha256: string }>()
  readonly handles = new Set<MemoryHandle>()
  readonly parts = new Set<MemoryHandle>()
  /** Called before each call; throws to make it fail. */
  before: (call: keyof FileStore) => void = () => undefined
  room = Infinity

  async open(name: string, mode: 'read' | 'write'): Promise<MemoryHandle> {
    this.before('open')
    const handle: MemoryHandle = {
      bytes: new Uint8Array(),
      open: true,
      close: () => {
        if (!handle.open) throw new Error('closed twice')
        handle.open = false
        this.handles.delete(handle)
      },
    }
    if (mode === 'read') {
      const file = this.files.get(name)
      if (file === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
      handle.bytes = file.bytes
    } else this.parts.add(handle)
    this.handles.add(handle)
    return handle
  }

  async read(handle: MemoryHandle, position: number, into: Uint8Array): Promise<number> {
    this.before('read')
    use(handle)
    const part = handle.bytes.subarray(position, position + into.length)
    into.set(part)
    return part.length
  }

  async write(handle: MemoryHandle, position: number, data: Uint8Array): Promise<void> {
    this.before('write')
    use(handle)
    const length = Math.max(handle.bytes.length, position + data.length)
    let room = new Uint8Array(handle.bytes.buffer)
    if (room.length < length) {
      room = new Uint8Array(2 * length)
      room.set(handle.bytes)
    }
    room.set(data, position)
    handle.bytes = room.subarray(0, length)
  }

  async sync(): Promise<void> {
    this.before('sync')
  }

  async publish({ name, id, sha256 }: FileRecord, part?: MemoryHandle, how?: string): Promise<void> {
    this.before('publish')
    if (part === undefined) return
    use(part)
    if (how !== 'replace' && this.files.has(name)) throw Object.assign(new Error('taken'), { code: 'EEXIST' })
    this.parts.delete(part)
    this.files.set(name, { bytes: part.bytes, id, sha256 })
  }

  async remove(what: string | MemoryHandle): Promise<void> {
    this.before('remove')
    if (typeof what === 'string') this.files.delete(what)
    else this.parts.delete(what)
  }

  async list(): Promise<StoredFile[]> {
    this.before('list')
    return [...this.files].map(([name, { bytes, ...known }]) => ({ name, size: bytes.length, ...known }))
  }

  async free(): Promise<number> {
    this.before('free')
    return this.room
  }
}

function use(handle: MemoryHandle): void {
  if (!handle.open) throw new Error('used after close')
}
