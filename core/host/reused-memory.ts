/**
 * TCP sockets that read into memory which is read into again. Left alone, Node makes 64 KiB for each read, and V8 counts
 * what of it is not collected yet as held: a program with a heap of ten MB collects in full many times a second while
 * bytes come in. What all sockets share is enough as long as bytes are looked at before the next read.
 */
import { connect, Socket, type OnReadOpts, type TcpNetConnectOpts } from 'node:net'
import type { ChunkReader, Connection } from '../peers/transport.ts'

/** Bytes of one read at most; Node takes as many. */
const readBytes = 65_536
const shared = Buffer.allocUnsafeSlow(readBytes)

export type ReusingSocket = Socket & Required<Pick<Connection, 'readInto'>>

/** What a socket asks and tells for each read (`onread` of node:net). Until somebody reads, what comes is kept. */
class Inlet {
  #reader: ChunkReader | undefined
  #socket: Socket | undefined
  #early: Buffer | undefined

  readonly options: OnReadOpts = {
    buffer: () => this.#reader?.memory() ?? shared,
    callback: (bytes, memory) => {
      const chunk = (memory as Buffer).subarray(0, bytes)
      if (this.#reader === undefined) {
        this.#early = Buffer.from(chunk)
        return false // no more of it until somebody reads
      }
      this.#reader.take(chunk)
      return true
    },
  }

  /** `socket` is the one that was made with these options. */
  on<S extends Socket>(socket: S): S & ReusingSocket {
    this.#socket = socket
    return Object.assign(socket, {
      readInto: (reader: ChunkReader) => {
        this.#read(reader)
      },
    })
  }

  #read(reader: ChunkReader): void {
    const early = this.#early
    this.#early = undefined
    this.#reader = reader
    if (early !== undefined) reader.take(early)
    if (this.#socket?.isPaused() === false) this.#socket.resume()
  }
}

export function connectReusing(options: TcpNetConnectOpts): ReusingSocket {
  const inlet = new Inlet()
  return inlet.on(connect({ ...options, onread: inlet.options }))
}

/**
 * A socket that a server accepted paused, as one that reads so. Only the side that dials can be made with `onread`, so a
 * new socket takes the handle over, as Node's own cluster and TLS do; a Node that has no such handle keeps what it has.
 */
export function reusing(accepted: Socket): Socket {
  const owner = accepted as Socket & { _handle?: object | null }
  const handle = owner._handle
  if (handle == null) return accepted
  const inlet = new Inlet()
  const socket = new Socket({ handle, onread: inlet.options } as object)
  owner._handle = null
  accepted.destroy()
  return inlet.on(socket)
}
