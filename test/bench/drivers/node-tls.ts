/**
 * Bare Node: node:tls 1.3 with AES-128-GCM, keyed by a shared secret so that no certificate has to be made. Once the
 * handshake is over the records are those of any other TLS channel.
 */
import { createServer, connect, type Server, type TLSSocket } from 'node:tls'
import type { AddressInfo } from 'node:net'
import type { Driver, Link, Receive } from '../harness/driver.ts'
import { bytesLink, jsonLink } from './framing.ts'
import { jsonReader, viewReader } from './readers.ts'

interface Options {
  readonly carries?: 'json' | 'views'
}

const psk = Buffer.alloc(32, 7)
const common = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' } as const

export function createDriver({ carries = 'json' }: Options): Driver {
  const sockets = new Set<TLSSocket>()
  let server: Server | undefined
  const add = (socket: TLSSocket, receive: Receive): Link => {
    sockets.add(socket)
    const link = carries === 'json' ? jsonLink(socket, 'PureMessage', true) : bytesLink(socket)
    const reader = carries === 'json' ? jsonReader : viewReader
    socket.on(
      'data',
      reader((arrived) => receive(arrived, link)),
    )
    socket.on('error', () => sockets.delete(socket))
    return link
  }
  return {
    listen: (receive) =>
      new Promise((resolve) => {
        server = createServer({ ...common, pskCallback: () => psk }, (socket) => add(socket, receive))
        server.listen(0, '127.0.0.1', () =>
          resolve({ host: '127.0.0.1', port: (server?.address() as AddressInfo).port }),
        )
      }),
    connect: ({ host, port }, receive) =>
      new Promise((resolve, reject) => {
        const socket = connect({
          ...common,
          host,
          port,
          pskCallback: () => ({ psk, identity: 'bench' }),
          checkServerIdentity: () => undefined,
        })
        socket.setNoDelay(true)
        socket.once('secureConnect', () => resolve(add(socket, receive)))
        socket.once('error', reject)
      }),
    async close() {
      for (const socket of sockets) socket.destroy()
      server?.close()
    },
  }
}
