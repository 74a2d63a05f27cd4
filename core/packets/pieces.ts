/**
 * The raw bytes of a packet as they arrived. A large payload comes in several reads; putting it together costs a copy
 * into fresh memory, so that is done for whoever reads the packet's field, and only then.
 *
 * The memory may be lent: it is read into again once it is given back, which a copy does by itself and a borrower says.
 * Whoever does neither keeps it for as long as there are views of it.
 */
import { P2PNetError } from '../errors.ts'
import type { Lease } from './memory.ts'
import type { NetworkPacket } from './packet.ts'

const key = Symbol('p2pnet.pieces')

interface InPieces {
  /** Undefined, but there: given back. */
  [key]?: Pieces | undefined
}

/** Views, and what holds their memory if it is lent. */
class Pieces {
  readonly list: readonly Uint8Array[]
  /** Undefined: the memory is not lent, or is not to be read into again. */
  leases: readonly Lease[] | undefined
  borrowers = 0

  constructor(list: readonly Uint8Array[], leases?: readonly Lease[]) {
    this.list = list
    this.leases = leases
  }

  /** Once nobody looks any more. */
  giveBack(): void {
    if (this.borrowers > 0 || this.leases === undefined) return
    for (const lease of this.leases) lease.release()
    this.leases = undefined
  }
}

/** The bytes of a packet, for a while. */
export interface BorrowedPieces {
  /** In order. Not to be looked at after `release()`: other bytes are read there. */
  readonly pieces: readonly Uint8Array[]
  /** Gives the memory back. Whoever reads the packet's field after that, and not before, gets E_BORROWED. */
  release(): void
}

/**
 * For wires: the packet's bytes field, from views of what was read, in order. The field is put together when it is read
 * first. `leases`: what holds the memory of the views.
 */
export function attachPieces(
  packet: object,
  field: string,
  list: readonly Uint8Array[],
  leases?: readonly Lease[],
): void {
  Object.defineProperty(packet, key, { value: new Pieces(list, leases), writable: true })
  Object.defineProperty(packet, field, accessor)
}

/**
 * One pair for all packets: V8 keeps an object's accessors in its hidden class, so a pair for each would make a class for
 * each, and those live on, with the bytes, until the next full collection.
 */
const accessor = {
  enumerable: true,
  configurable: true,
  get(this: InPieces): Uint8Array {
    const pieces = this[key]
    if (pieces === undefined) throw new P2PNetError('E_BORROWED', 'the bytes of this packet were given back already')
    if (pieces.leases === undefined && pieces.list.length === 1) return pieces.list[0] as Uint8Array
    const bytes = Buffer.concat(pieces.list)
    this[key] = new Pieces([bytes])
    pieces.giveBack()
    return bytes
  },
  set(this: InPieces, bytes: Uint8Array) {
    this[key] = new Pieces([bytes])
  },
}

/** A packet whose field is still in pieces. */
export const isInPieces = (packet: object): boolean => key in packet

/**
 * The bytes of the packet's field `field` as views, in order and without a copy: for hashing, writing and counting, which
 * do not need them in one piece. They are yours for as long as you like.
 */
export function piecesOf<P extends NetworkPacket>(packet: P, field: keyof P & string): readonly Uint8Array[] {
  const pieces = (packet as InPieces)[key]
  if (pieces === undefined) return [packet[field] as Uint8Array] // as it came, or E_BORROWED
  pieces.leases = undefined // never given back, so never read into again
  return pieces.list
}

/**
 * The same for a while, for whoever is done with them soon: the memory is read into again after `release()`, which is
 * much cheaper than fresh memory for each read.
 *
 * ```ts
 * const { pieces, release } = borrowPieces(packet, 'data')
 * for (const piece of pieces) hash.update(piece)
 * release()
 * ```
 */
export function borrowPieces<P extends NetworkPacket>(packet: P, field: keyof P & string): BorrowedPieces {
  const held = packet as InPieces
  const pieces = held[key]
  if (pieces?.leases === undefined) return { pieces: piecesOf(packet, field), release: nothing }
  pieces.borrowers++
  let released = false
  return {
    pieces: pieces.list,
    release() {
      if (released) return
      released = true
      pieces.borrowers--
      if (pieces.borrowers > 0 || pieces.leases === undefined) return
      if (held[key] === pieces) held[key] = undefined
      pieces.giveBack()
    },
  }
}

const nothing = (): void => undefined
