/**
 * Memory that a connection reads into again and again. What a decoder wants to stay where it was read is held there
 * until it is given back.
 */

/** A hold on memory. Without release() the memory stays with whoever has views of it, and is not used again. */
export interface Lease {
  /** To be called once, when nobody looks at the views any more. */
  release(): void
}

/** Where a chunk lies. */
export interface ReadMemory {
  /** Keeps the chunk as it is. Undefined: it does not stay; copy what is needed later. */
  keep(): Lease | undefined
}
