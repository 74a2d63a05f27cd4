/**
 * js-libp2p over TCP and yamux, with noise or plaintext, one stream to the peer. Texts as JSON, in a write each or those
 * of one turn in one. Its limits on connections are lifted, and nothing runs beside the stream.
 */
import type { Driver, Link, Receive } from '../harness/driver.ts'
import { load } from '../peers/load.ts'
import { jsonLink, type ByteSink } from './framing.ts'
import { jsonReader } from './readers.ts'

interface Options {
  readonly encryption: 'plaintext' | 'noise'
  readonly batched?: boolean
}

interface Stream {
  send(bytes: Uint8Array): boolean
  readonly writeBufferLength: number
  writableNeedsDrain: boolean
  addEventListener(event: 'message', listener: (event: { data: { subarray(): Uint8Array } }) => void): void
  addEventListener(event: 'drain', listener: () => void, options: { once: true }): void
  close(): Promise<void>
}
interface Connection {
  newStream(protocol: string): Promise<Stream>
  close(): Promise<void>
}
interface Multiaddr {
  toString(): string
}
interface Node {
  handle(protocol: string, handler: (stream: Stream) => void): Promise<void>
  dial(address: Multiaddr): Promise<Connection>
  getMultiaddrs(): Multiaddr[]
  stop(): Promise<void>
}
type Factory = () => unknown

const protocol = '/p2pnet-bench/1'

/** Node 20 does not have it, and libp2p does not run without. */
function polyfill(): void {
  if ('withResolvers' in Promise) return
  Object.assign(Promise, {
    withResolvers: () => {
      const deferred: Record<string, unknown> = {}
      deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }))
      return deferred
    },
  })
}

async function createNode(encryption: Options['encryption'], listen: readonly string[]): Promise<Node> {
  polyfill()
  const { createLibp2p } = await load<{ createLibp2p(options: unknown): Promise<Node> }>('libp2p')
  const { tcp } = await load<{ tcp: Factory }>('@libp2p/tcp')
  const { yamux } = await load<{ yamux: Factory }>('@libp2p/yamux')
  const encrypters = await load<Record<string, Factory>>(`@libp2p/${encryption}`)
  return createLibp2p({
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [encrypters[encryption]?.()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: Infinity, maxIncomingPendingConnections: 1000 },
    connectionMonitor: { enabled: false },
  })
}

/**
 * `drain` by its event, since onDrain() keeps the promise of the first time, and a turn later, since the event comes in
 * the midst of a write. A stream that has handed on everything is never told to go on, so after a while it goes on unasked.
 */
function sinkOf(stream: Stream): ByteSink {
  return {
    write: (bytes) => stream.send(bytes),
    once(event, listener) {
      let isOver = false
      const goOn = () => {
        clearInterval(timer)
        if (!isOver) setImmediate(listener)
        isOver = true
      }
      const timer = setInterval(() => {
        if (stream.writeBufferLength > 0) return
        stream.writableNeedsDrain = false
        goOn()
      }, 1)
      stream.addEventListener(event, goOn, { once: true })
    },
  }
}

export function createDriver({ encryption, batched = true }: Options): Driver {
  let node: Node | undefined
  const open = (stream: Stream, receive: Receive): Link => {
    const link = jsonLink(sinkOf(stream), 'PureMessage', batched)
    const read = jsonReader((arrived) => receive(arrived, link))
    stream.addEventListener('message', ({ data }) => {
      const bytes = data.subarray()
      read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    })
    return link
  }
  return {
    async listen(receive) {
      node = await createNode(encryption, ['/ip4/127.0.0.1/tcp/0'])
      await node.handle(protocol, (stream) => void open(stream, receive))
      const [, , host = '', , port] = String(node.getMultiaddrs()[0]).split('/')
      return { host, port: Number(port) }
    },
    // The other side has answered when a stream is open: it knows who dialled, and speaks the protocol.
    async connect({ host, port }, receive) {
      const { multiaddr } = await load<{ multiaddr(text: string): Multiaddr }>('@multiformats/multiaddr')
      node ??= await createNode(encryption, [])
      const connection = await node.dial(multiaddr(`/ip4/${host}/tcp/${String(port)}`))
      const stream = await connection.newStream(protocol)
      const close = async () => {
        await stream.close()
        await connection.close()
      }
      return { ...open(stream, receive), close }
    },
    async close() {
      await node?.stop()
    },
  }
}
