/**
 * What a program on a bare stream has to do itself to send: a length before each unit, and the units of one turn in one
 * write.
 */
import type { Link } from '../harness/driver.ts'
import { envelope } from '../harness/driver.ts'

/** A stream of bytes that says when to stop writing. */
export interface ByteSink {
  write(bytes: Buffer): boolean
  once(event: 'drain', listener: () => void): unknown
}

const slabBytes = 262_144

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
