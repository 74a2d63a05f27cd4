/**
 * Bare Node: TCP with a length before each unit. Texts as JSON, made and parsed for each, the frames of one turn in one
 * write or a write for each; bytes by reference, handed on as views or in one piece.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Arrived, Body, Driver, Link, Receive } from '../harness/driver.ts'
import { bytesLink, jsonLink } from './framing.ts'
import { jsonReader, viewReader, wholeReader } from './readers.ts'

interface Options {
  readonly carries?: 'json' | 'views' | 'pieces'
  readonly batched?: boolean
  readonly type?: string
  /** Holds so many small objects all the time, as a program does that is more than its connections. */
  readonly holds?: number
  /** broadcast() leaves out whoever has not taken so many bytes yet: a bounded queue. */
  readonly queueBytes?: number
}

export function createDriver(options: Options): Driver {
  const { carries = 'json', batched = true, type = 'PureMessage', holds = 0, queueBytes } = options
  const held = Array.from({ length: holds }, (_, i) => ({ i, s: [i] }))
  const sockets = new Map<Socket, Link>()
  let server: Server | undefined
  const add = (socket: Socket, receive: Receive): Link => {
    const link = carries === 'json' ? jsonLink(socket, type, batched) : bytesLink(socket)
    sockets.set(socket, link)
    socket.on(
      'data',
      readerOf(carries, (arrived) => receive(arrived, link)),
    )
    socket.on('error', () => sockets.delete(socket))
    return link
  }
  return {
    listen: (receive) =>
      new Promise((resolve) => {
        server = createServer({ noDelay: true }, (socket) => add(socket, receive))
        server.listen(0, '127.0.0.1', 1024, () =>
          resolve({ host: '127.0.0.1', port: (server?.address() as AddressInfo).port }),
        )
      }),
    connect: ({ host, port }, receive) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host, port, noDelay: true }, () => resolve(add(socket, receive)))
        socket.once('error', reject)
      }),
    broadcast(body: Body) {
      for (const [socket, link] of sockets)
        if (queueBytes === undefined || socket.writableLength < queueBytes) link.send(body)
    },
    async close() {
      for (const socket of sockets.keys()) socket.destroy()
      server?.close()
      held.length = 0
    },
  }
}

function readerOf(carries: Options['carries'], onUnit: (arrived: Arrived) => void) {
  if (carries === 'json') return jsonReader(onUnit)
  if (carries === 'views') return viewReader(onUnit)
  return wholeReader((bytes, start, end) => {
    onUnit(bytes.subarray(start, end))
  })
}
