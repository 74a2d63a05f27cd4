/**
 * What a file manager stands on: a store of eight calls. The guarantees (names, quota, duplicates, hashes, a file seen
 * whole or not at all) are made once, in `fileManager(store)`; a store only keeps bytes under names.
 *
 * A store in memory, whole:
 *
 * ```ts
 * const files = new Map<string, { bytes: Uint8Array; id: string; sha256: string }>()
 * const store: FileStore<{ bytes: Uint8Array }> = {
 *   open: async (name, mode) => ({ bytes: mode === 'read' ? files.get(name)!.bytes : new Uint8Array() }),
 *   read: async ({ bytes }, position, into) => {
 *     const part = bytes.subarray(position, position + into.length)
 *     into.set(part)
 *     return part.length
 *   },
 *   write: async (part, position, data) => {
 *     const grown = new Uint8Array(Math.max(part.bytes.length, position + data.length))
 *     grown.set(part.bytes)
 *     grown.set(data, position)
 *     part.bytes = grown
 *   },
 *   sync: async () => {},
 *   publish: async ({ name, id, sha256 }, part) => {
 *     if (part) files.set(name, { bytes: part.bytes, id, sha256 })
 *   },
 *   remove: async (what) => {
 *     if (typeof what === 'string') files.delete(what)
 *   },
 *   list: async () => [...files].map(([name, { bytes, ...known }]) => ({ name, size: bytes.length, ...known })),
 *   free: async () => Infinity,
 * }
 * ctx.provide('files', fileManager(store))
 * ```
 */

/** An open file of a store: any object. */
export interface FileHandle {
  /** Lets go of it. Called once for every handle, published or not, after the last other call on it. */
  close?(): void | Promise<void>
}

/** Closes a handle, if it can be closed. */
export async function closeHandle(handle: object | undefined): Promise<void> {
  await (handle as FileHandle | undefined)?.close?.()
}

/** What is known of a file besides its bytes. */
export interface FileRecord {
  readonly name: string
  /** Hex, random, one for each version of a file. */
  readonly id: string
  /** Bytes. */
  readonly size: number
  /** Hex. */
  readonly sha256: string
}

/** A file as a store lists it. One without id or hash gets them from the manager, which reads it for that. */
export interface StoredFile {
  readonly name: string
  /** Bytes. */
  readonly size: number
  readonly id?: string
  readonly sha256?: string
}

/**
 * Eight calls. Names are safe by the time they come here (names.ts), and at most one of `publish` and `remove(name)`
 * runs at a time. A store throws what it likes: `ENOSPC` as `code` becomes E_QUOTA, coded errors pass, the rest is
 * E_FILE_IO.
 */
export interface FileStore<H extends object = FileHandle> {
  /**
   * `read`: opens the file of this name. The handle keeps seeing its bytes, even if the name is published anew or
   * removed meanwhile. A name that is gone is an error with the code ENOENT.
   *
   * `write`: opens a new, empty part that no one sees and that never survives a restart. `name` is random hex and
   * belongs to no file; `size` is how many bytes will come, if that is known.
   */
  open(name: string, mode: 'read' | 'write', size?: number): Promise<H>
  /** Fills `into` from this position. Answers how many bytes it got: fewer are allowed, 0 only at the end. */
  read(handle: H, position: number, into: Uint8Array): Promise<number>
  /**
   * Writes all of `data` into a part. The parts of one file come in order and without gaps, `parallelWrites` at a time;
   * `data` stays as it is until the promise settles, and its memory is used again after that.
   */
  write(handle: H, position: number, data: Uint8Array): Promise<void>
  /** Makes the bytes of a handle last through a power cut; without a handle, the names. */
  sync(handle?: H): Promise<void>
  /**
   * Turns a part into the file `record.name`, in one step: whoever looks, or starts after a crash, finds the old file or
   * the new one. `new` takes only a free name, and else throws an error with the code EEXIST; `replace` puts it in
   * the place of the file that has the name. Without a part the file is there already and its record was missing;
   * a store that keeps records keeps this one, others do nothing.
   */
  publish(record: FileRecord, part?: H, how?: 'new' | 'replace'): Promise<void>
  /** Removes a file by its name, or a part that will not be published. What is gone already is no error. */
  remove(what: string | H): Promise<void>
  /** Every file there is, parts left out. Asked once, before anything else. */
  list(): Promise<readonly StoredFile[]>
  /** Bytes that there is room for; Infinity if there is no telling. */
  free(): Promise<number>
}
