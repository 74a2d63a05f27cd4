/**
 * How much may still be written: the quota of the operator and the room of the store, with the parts under way counted
 * before their bytes are there, so that ten transfers cannot each be promised the same last gigabyte.
 */
import { fileError } from './file-errors.ts'

export interface RoomOptions {
  /** Bytes; Infinity for none. */
  readonly quota: number
  /** Bytes of the files that stand. */
  used(): number
  /** Bytes that the store has room for. */
  free(): Promise<number>
}

/** What one part has been promised. */
export interface Reservation {
  /** Takes note of bytes written. @throws P2PNetError E_QUOTA */
  grow(written: number): void
  release(): void
}

export class Room {
  readonly #options: RoomOptions
  readonly #parts = new Set<{ promised: number; written: number }>()

  constructor(options: RoomOptions) {
    this.#options = options
  }

  /**
   * Promises room to a part.
   * @param size Bytes to come, 0 if that is not known.
   * @param replaced Bytes that the file will set free in return.
   * @throws P2PNetError E_QUOTA
   */
  async reserve(size: number, replaced: number): Promise<Reservation> {
    const part = { promised: size, written: 0 }
    this.#parts.add(part)
    try {
      this.#checkQuota(replaced)
      if (size > 0) await this.#checkFree(size)
    } catch (error) {
      this.#parts.delete(part)
      throw error
    }
    return {
      grow: (written) => {
        part.written = written
        if (written <= part.promised) return
        part.promised = written
        this.#checkQuota(replaced)
      },
      release: () => this.#parts.delete(part),
    }
  }

  /** The last word, when a file of this size takes the place of one of that size. @throws P2PNetError E_QUOTA */
  checkPublication(size: number, replaced: number): void {
    this.#atMost(this.#options.used() - replaced + size)
  }

  #checkQuota(replaced: number): void {
    let bytes = this.#options.used() - replaced
    for (const { promised } of this.#parts) bytes += promised
    this.#atMost(bytes)
  }

  #atMost(bytes: number): void {
    const { quota } = this.#options
    if (bytes > quota)
      throw fileError('E_QUOTA', `${String(bytes)} bytes would be more than the quota of ${String(quota)}`)
  }

  async #checkFree(size: number): Promise<void> {
    const free = await this.#options.free()
    let outstanding = 0
    for (const { promised, written } of this.#parts) outstanding += Math.max(0, promised - written)
    if (outstanding <= free) return
    throw fileError(
      'E_QUOTA',
      `the store has room for ${String(free)} bytes, not for ${String(size)} besides what is under way`,
    )
  }
}
