/**
 * @hyperswarm/secret-stream over TCP: Noise XX, then a message for each write. Texts as JSON, in a message each or those
 * of one turn in one.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Driver, Link, Receive } from '../harness/driver.ts'
import { load } from '../peers/load.ts'
import { jsonLink, type ByteSink } from './framing.ts'
import { jsonReader } from './readers.ts'

interface Options {
  readonly batched?: boolean
}

interface SecretStream extends ByteSink {
  on(event: 'data', listener: (message: Buffer) => void): void
  on(event: 'error', listener: (error: Error) => void): void
  readonly opened: Promise<boolean>
  destroy(): void
}
type SecretStreamClass = new (isInitiator: boolean, raw: Socket) => SecretStream

export function createDriver({ batched = true }: Options): Driver {
  const streams = new Set<SecretStream>()
  let server: Server | undefined
  const open = async (isInitiator: boolean, raw: Socket, receive: Receive): Promise<Link> => {
    const { default: SecretStream } = await load<{ default: SecretStreamClass }>('@hyperswarm/secret-stream')
    const stream = new SecretStream(isInitiator, raw)
    streams.add(stream)
    const link = jsonLink(stream, 'PureMessage', batched)
    stream.on(
      'data',
      jsonReader((arrived) => receive(arrived, link)),
    )
    stream.on('error', () => streams.delete(stream))
    if (!(await stream.opened)) throw new Error('the secret stream did not open')
    return link
  }
  return {
    listen: (receive) =>
      new Promise((resolve) => {
        server = createServer({ noDelay: true }, (socket) => void open(false, socket, receive))
        server.listen(0, '127.0.0.1', () =>
          resolve({ host: '127.0.0.1', port: (server?.address() as AddressInfo).port }),
        )
      }),
    connect: ({ host, port }, receive) => open(true, connect({ host, port, noDelay: true }), receive),
    async close() {
      for (const stream of streams) stream.destroy()
      server?.close()
    },
  }
}
