/**
 * What a program on a bare stream has to do itself to receive: find the units again, by the length before each.
 */
import type { Arrived } from '../harness/driver.ts'

const none = Buffer.alloc(0)

/** Units as views into what was read, and nothing copied: what a unit is made of is known only by its length. */
export function viewReader(onUnit: (arrived: Arrived) => void): (chunk: Buffer) => void {
  let wanted = 0
  let have = 0
  let head: Buffer = none
  return (chunk) => {
    let at = 0
    while (at < chunk.byteLength) {
      if (wanted === 0) {
        const piece = chunk.subarray(at, at + 4 - head.byteLength)
        head = head.byteLength === 0 ? piece : Buffer.concat([head, piece])
        at += piece.byteLength
        if (head.byteLength < 4) return
        wanted = head.readUInt32BE()
        head = none
        have = 0
      }
      const views = chunk.subarray(at, at + wanted - have)
      at += views.byteLength
      have += views.byteLength
      if (have < wanted) return
      wanted = 0
      onUnit({ byteLength: have })
    }
  }
}

/** Units in one piece each; one that comes in several chunks is put together in room made for it. */
export function wholeReader(onUnit: (bytes: Buffer, start: number, end: number) => void): (chunk: Buffer) => void {
  let rest: Buffer = none
  let room: Buffer | undefined
  let have = 0
  return (chunk) => {
    let at = 0
    if (room !== undefined) {
      at = chunk.copy(room, have)
      have += at
      if (have < room.byteLength) return
      onUnit(room, 0, room.byteLength)
      room = undefined
    }
    const bytes = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk])
    while (bytes.byteLength - at >= 4) {
      const length = bytes.readUInt32BE(at)
      at += 4
      if (bytes.byteLength - at < length) {
        room = Buffer.allocUnsafe(length)
        have = bytes.copy(room, 0, at)
        at = bytes.byteLength
        break
      }
      onUnit(bytes, at, at + length)
      at += length
    }
    rest = bytes.subarray(at)
  }
}

/** Packets as jsonLink writes them. */
export function jsonReader(onText: (text: string) => void): (chunk: Buffer) => void {
  return wholeReader((bytes, start, end) => {
    onText((JSON.parse(bytes.toString('utf8', start, end)) as { message: string }).message)
  })
}
