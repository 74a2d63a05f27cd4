/**
 * What a program on a bare stream has to write itself: a length before each unit, the units of one turn in one write, and
 * a reader that finds them again.
 */
import type { Arrived, Link } from '../harness/driver.ts'
import { envelope } from '../harness/driver.ts'

/** A stream of bytes that says when to stop writing. */
export interface ByteSink {
  write(bytes: Buffer): boolean
  once(event: 'drain', listener: () => void): unknown
}

const slabBytes = 262_144
const none = Buffer.alloc(0)

/** Small packets as JSON, each stringified for itself; `batched` gathers those of one turn in a slab. */
export function jsonLink(sink: ByteSink, type: string, batched: boolean): Link {
  const gate = new Gate(sink)
  if (!batched)
    return {
      send: (body) => gate.write(frameOf(envelope(type, body as string))),
      drained: () => gate.drained(),
    }
  let slab = Buffer.allocUnsafeSlow(slabBytes)
  let start = 0
  let end = 0
  const flush = () => {
    if (start < end) gate.write(slab.subarray(start, end))
    start = end
  }
  return {
    send(body) {
      const json = envelope(type, body as string)
      const most = 4 + json.length * 3
      if (end + most > slabBytes) {
        flush()
        slab = Buffer.allocUnsafeSlow(slabBytes)
        start = end = 0
      }
      if (start === end) process.nextTick(flush)
      const length = slab.write(json, end + 4)
      slab.writeUInt32BE(length, end)
      end += 4 + length
      return gate.open
    },
    drained: () => gate.drained(),
  }
}

/** Raw bytes: small ones in one write with their length, large ones by reference behind it. */
export function bytesLink(sink: ByteSink & { cork(): void; uncork(): void }): Link {
  const gate = new Gate(sink)
  return {
    send(body) {
      const bytes = body as Buffer
      const head = Buffer.allocUnsafe(4)
      head.writeUInt32BE(bytes.byteLength)
      if (bytes.byteLength < 4096) return gate.write(Buffer.concat([head, bytes]))
      sink.cork()
      gate.write(head)
      const open = gate.write(bytes)
      sink.uncork()
      return open
    },
    drained: () => gate.drained(),
  }
}

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

/** Writes, and remembers whether it is time to wait. */
class Gate {
  open = true
  readonly #sink: ByteSink

  constructor(sink: ByteSink) {
    this.#sink = sink
  }

  write(bytes: Buffer): boolean {
    const free = this.#sink.write(bytes)
    if (this.open && !free) {
      this.open = false
      this.#sink.once('drain', () => (this.open = true))
    }
    return this.open
  }

  drained(): Promise<void> {
    if (this.open) return Promise.resolve()
    return new Promise((resolve) => {
      this.#sink.once('drain', resolve)
    })
  }
}

function frameOf(json: string): Buffer {
  const bytes = Buffer.allocUnsafe(4 + Buffer.byteLength(json))
  bytes.writeUInt32BE(bytes.byteLength - 4)
  bytes.write(json, 4)
  return bytes
}
