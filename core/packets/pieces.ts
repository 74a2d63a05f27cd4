/**
 * The raw bytes of a packet as they arrived. A large payload comes in several reads; putting it together costs a copy
 * into fresh memory, so that is done for whoever reads the packet's field, and only then.
 */
import type { NetworkPacket } from './packet.ts'

const key = Symbol('p2pnet.pieces')

interface InPieces {
  [key]?: readonly Uint8Array[]
}

/**
 * For wires: the packet's bytes field, from views of what was read, in order. The field is put together when it is read
 * first.
 */
export function attachPieces(packet: object, field: string, list: readonly Uint8Array[]): void {
  Object.defineProperty(packet, key, { value: list, writable: true })
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
    const list = this[key] ?? []
    const bytes = list.length === 1 ? (list[0] as Uint8Array) : Buffer.concat(list)
    this[key] = [bytes]
    return bytes
  },
  set(this: InPieces, bytes: Uint8Array) {
    this[key] = [bytes]
  },
}

/** A packet whose field is still in pieces. */
export const isInPieces = (packet: object): boolean => key in packet

/**
 * The bytes of the packet's field `field` as views, in order and without a copy: for hashing, writing and counting, which
 * do not need them in one piece. One view where they came in one read.
 */
export function piecesOf<P extends NetworkPacket>(packet: P, field: keyof P & string): readonly Uint8Array[] {
  return (packet as InPieces)[key] ?? [packet[field] as Uint8Array]
}
