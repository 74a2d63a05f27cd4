/**
 * Bytes in pieces that are worth a write: what is small is gathered, what is large is cut. The memory to gather in is
 * used again, because fresh megabytes cost the garbage collector more than the copy.
 */

/** One write of the store takes at most this much. */
const pieceBytes = 1_048_576
/** Chunks below this are small: a copy costs less than another write. */
const copyBelow = 131_072
/** What gathers less gets memory of its own size. */
const slabFrom = 262_144
/** Memory that is kept, in pieces. */
const slabsKept = 4

export interface Piece {
  readonly bytes: Uint8Array
  /** The bytes are written; their memory may be used for others. */
  release(): void
}

/** Shared by all files of a manager. */
export class Pieces {
  readonly #idle: Buffer[] = []

  #gather(chunks: readonly Uint8Array[], bytes: number): Piece {
    const [first] = chunks
    if (first !== undefined && chunks.length === 1) return asItIs(first)
    if (bytes < slabFrom) return asItIs(Buffer.concat(chunks, bytes))
    const slab = this.#idle.pop() ?? Buffer.allocUnsafeSlow(pieceBytes)
    let at = 0
    for (const chunk of chunks) {
      slab.set(chunk, at)
      at += chunk.byteLength
    }
    return {
      bytes: slab.subarray(0, bytes),
      release: () => {
        if (this.#idle.length < slabsKept) this.#idle.push(slab)
      },
    }
  }

  *of(chunks: readonly Uint8Array[]): Generator<Piece> {
    let small: Uint8Array[] = []
    let bytes = 0
    for (const chunk of chunks) {
      const isLarge = chunk.byteLength >= copyBelow
      if (bytes > 0 && (isLarge || bytes + chunk.byteLength > pieceBytes)) {
        yield this.#gather(small, bytes)
        small = []
        bytes = 0
      }
      if (isLarge) {
        for (let at = 0; at < chunk.byteLength; at += pieceBytes) yield asItIs(chunk.subarray(at, at + pieceBytes))
      } else {
        small.push(chunk)
        bytes += chunk.byteLength
      }
    }
    if (bytes > 0) yield this.#gather(small, bytes)
  }
}

const asItIs = (bytes: Uint8Array): Piece => ({ bytes, release: () => undefined })
