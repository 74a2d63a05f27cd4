/**
 * Sockets that read into memory which is read into again. Left alone, Node makes 64 KiB for each read, and V8 counts what
 * of it is not collected yet as held: a program with a heap of ten MB collects in full many times a second while bytes
 * come in. What all sockets share is enough, as long as bytes are looked at before the next read.
 *
 * Node offers this for TCP that it dials (`onread` of net.connect), and neither for what it accepts nor for TLS. The
 * machinery is the same for all, so it is set going here by the names it has inside of Node; where they are missing, the
 * socket stays as it is. Decision 0016.
 */
import { Socket } from 'node:net'
import type { ChunkReader, Connection } from '../../../core/index.ts'

/** Bytes of one read at most; Node takes as many. */
const readBytes = 65_536
const shared = Buffer.allocUnsafeSlow(readBytes)

interface Handle {
  useUserBuffer?(memory: Uint8Array): void
}

interface Inside {
  readonly memory: symbol
  /** Asked after each read for the memory of the next one. */
  readonly next: symbol
  readonly came: symbol
}

const inside = lookInside()

function lookInside(): Inside | undefined {
  const symbols = Object.getOwnPropertySymbols(new Socket())
  const [memory, next, came] = ['kBuffer', 'kBufferGen', 'kBufferCb'].map((name) =>
    symbols.find(({ description }) => description === name),
  )
  return memory && next && came ? { memory, next, came } : undefined
}

/** With `readInto`, where this Node has what it needs. */
export function reusingMemory(socket: Socket): Connection {
  const { _handle: handle } = socket as { _handle?: Handle | null }
  if (inside === undefined || typeof handle?.useUserBuffer !== 'function') return socket
  const names = inside
  return Object.assign(socket, {
    readInto(reader: ChunkReader) {
      if (!socket.destroyed) read(socket, handle, names, reader)
    },
  })
}

function read(socket: Socket, handle: Handle, names: Inside, reader: ChunkReader): void {
  const early: Uint8Array[] = []
  for (let chunk = nextOf(socket); chunk !== null; chunk = nextOf(socket)) early.push(chunk)
  Object.assign(socket, {
    [names.memory]: shared,
    [names.next]: () => reader.memory() ?? shared,
    [names.came]: (bytes: number, memory: Uint8Array) => {
      reader.take(bytes === memory.byteLength ? memory : memory.subarray(0, bytes))
      return true
    },
  })
  handle.useUserBuffer?.(shared)
  for (const chunk of early) reader.take(chunk)
  if (!socket.isPaused()) socket.resume()
}

/** What Node has read already. */
const nextOf = (socket: Socket): Uint8Array | null => socket.read() as Uint8Array | null
