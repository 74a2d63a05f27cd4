/**
 * Bare Node: node:tls 1.3 in which both sides show a self-signed Ed25519 certificate and look at the other's key
 * themselves, as peers have to whom no authority vouches for. A link is there once a byte has gone each way: with TLS 1.3
 * the dialler is done before it knows whether the other side took its certificate. Nothing is resumed and no ticket
 * issued; the context is made once.
 */
import { constants } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import {
  connect,
  createSecureContext,
  createServer,
  type SecureContext,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
} from 'node:tls'
import type { Driver, Link, Receive } from '../harness/driver.ts'
import { keyIdOf, makeCertificate } from './certificate.ts'
import { jsonLink } from './framing.ts'
import { jsonReader } from './readers.ts'

const greeting = Buffer.of(1)

export function createDriver(): Driver {
  const sockets = new Set<TLSSocket>()
  let server: Server | undefined
  let credentials: Promise<SecureContextOptions> | undefined
  let context: SecureContext | undefined
  /** Looks at the key of whoever is there, and calls back when the greeting has come. */
  const meet = (socket: TLSSocket, greeted: () => void) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
    if (peerOf(socket) === undefined) socket.destroy()
    else socket.once('data', greeted)
  }
  const open = (socket: TLSSocket, receive: Receive): Link => {
    const link: Link = { ...jsonLink(socket, 'PureMessage', true), close: () => end(socket) }
    socket.on(
      'data',
      jsonReader((arrived) => receive(arrived, link)),
    )
    return link
  }
  return {
    async listen(receive) {
      const shown = await (credentials ??= makeCredentials())
      return new Promise((resolve) => {
        server = createServer({ ...unvouched, ...shown, requestCert: true, noDelay: true }, (socket) => {
          meet(socket, () => {
            open(socket, receive)
            socket.write(greeting)
          })
        })
        server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, () =>
          resolve({ host: '127.0.0.1', port: (server?.address() as AddressInfo).port }),
        )
      })
    },
    async connect({ host, port }, receive) {
      const secureContext = (context ??= createSecureContext(await (credentials ??= makeCredentials())))
      return new Promise((resolve, reject) => {
        const socket = connect({ ...unvouched, secureContext, host, port, checkServerIdentity: () => undefined })
        socket.setNoDelay(true)
        socket.once('close', () => reject(new Error('the other side left during the handshake')))
        socket.once('secureConnect', () => {
          meet(socket, () => resolve(open(socket, receive)))
          socket.write(greeting)
        })
      })
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server?.close()
    },
  }
}

const unvouched = { rejectUnauthorized: false } as const

async function makeCredentials(): Promise<SecureContextOptions> {
  const secureOptions = constants.SSL_OP_NO_TICKET
  return { ...(await makeCertificate()), minVersion: 'TLSv1.3', ca: [], secureOptions }
}

/** The identifier of the key that the other side proved to hold. */
function peerOf(socket: TLSSocket): string | undefined {
  const { publicKey } = socket.getPeerX509Certificate() ?? {}
  if (publicKey?.asymmetricKeyType !== 'ed25519') return undefined
  // By its point: OpenSSL takes longer to spell a key in DER than for all the rest of this.
  return keyIdOf(Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'))
}

const end = (socket: TLSSocket): Promise<void> =>
  new Promise((resolve) => {
    socket.once('close', () => resolve())
    socket.end()
  })
