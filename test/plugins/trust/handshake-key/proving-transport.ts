/** TCP that says of its connections whatever the test wants: whose key they proved, and what they bind to. */
import { connect, createServer, type Socket } from 'node:net'
import { definePlugin, type Connection, type Plugin } from 'p2pnet'

export interface Claims {
  /** Identifier of the peer's key. */
  readonly peerKey?: () => string
  readonly exporter?: (label: string, length: number) => Uint8Array
}

export function provingTransport({ peerKey, exporter }: Claims): Plugin {
  const proving = (socket: Socket): Connection => {
    if (peerKey !== undefined) Object.assign(socket, { peerKey: peerKey() })
    if (exporter !== undefined) Object.assign(socket, { exporter })
    return socket
  }
  return definePlugin({
    name: 'transport-proving',
    version: '1.0.0',
    api: 1,
    setup(ctx) {
      ctx.transport.register('proving', {
        listen: ({ host, port }, onConnection) =>
          new Promise((resolve, reject) => {
            const server = createServer((socket) => {
              onConnection(proving(socket))
            })
            server.once('error', reject).listen({ host, port }, () => {
              const { port: bound } = server.address() as { port: number }
              const close = () => new Promise<void>((done) => server.close(() => done()))
              resolve({ host, port: bound, close })
            })
          }),
        dial: ({ host, port }) =>
          new Promise((resolve, reject) => {
            const socket = connect({ host, port })
            socket.once('error', reject).once('connect', () => {
              resolve(proving(socket))
            })
          }),
      })
    },
  })
}
