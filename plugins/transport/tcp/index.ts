/**
 * transport-tcp: plain TCP. It proves nothing about who is at the other end.
 */
import { isIP, type AddressInfo, type Server, type Socket } from 'node:net'
import {
  definePlugin,
  P2PNetError,
  type Connection,
  type PluginContext,
  type TransportListener,
} from '../../../core/index.ts'
import { transportTcpSchema, type ResolvedTransportTcpOptions } from '../../../schemas/generated/transport-tcp.ts'

export default definePlugin<ResolvedTransportTcpOptions>({
  name: 'transport-tcp',
  version: '0.1.0',
  api: 1,
  schema: transportTcpSchema,
  category: 'Peers',
  setup(ctx, options) {
    ctx.transport.register('tcp', {
      listen: ({ host, port }, onConnection) => listen(ctx, options, host, port, onConnection),
      dial: ({ host, port }, signal) => dial(ctx, options, host, port, signal),
    })
  },
})

function listen(
  ctx: PluginContext,
  { backlog, noDelay, keepAliveMs }: ResolvedTransportTcpOptions,
  host: string,
  port: number,
  onConnection: (connection: Connection) => void,
): Promise<TransportListener> {
  const keepAlive = { keepAlive: keepAliveMs > 0, keepAliveInitialDelay: keepAliveMs }
  const server = ctx.net.createServer({ noDelay, ...keepAlive }, onConnection)
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new P2PNetError('E_LISTEN', `cannot listen on ${host}:${String(port)}: ${describe(error)}`, {
          cause: error,
          plugin: ctx.id,
        }),
      )
    })
    server.listen({ host, port, backlog, exclusive: true }, () => {
      server.removeAllListeners('error')
      server.on('error', (error) => {
        ctx.log.warn('the listener failed to accept a connection', { error: error.message })
      })
      const bound = server.address() as AddressInfo
      resolve({ host: bound.address, port: bound.port, close: () => close(server) })
    })
  })
}

function close(server: Server): Promise<void> {
  // close() answers when the last connection is gone; a listener has stopped accepting at once.
  server.close()
  return Promise.resolve()
}

function dial(
  ctx: PluginContext,
  { dialMs, noDelay, keepAliveMs }: ResolvedTransportTcpOptions,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<Connection> {
  const socket = ctx.net.connect({
    host,
    port,
    noDelay,
    keepAlive: keepAliveMs > 0,
    keepAliveInitialDelay: keepAliveMs,
    ...sourceFor(ctx.settings.host, host),
  })
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: unknown) => {
      settle()
      socket.destroy()
      reject(new P2PNetError('E_DIAL', `cannot reach ${host}:${String(port)}: ${reason}`, { cause, plugin: ctx.id }))
    }
    const timer = ctx.clock.setTimeout(() => {
      fail(`no answer within ${String(dialMs)} ms`)
    }, dialMs)
    const onAbort = () => {
      fail('given up', signal.reason)
    }
    const onError = (error: NodeJS.ErrnoException) => {
      fail(describe(error), error)
    }
    const settle = () => {
      ctx.clock.clear(timer)
      signal.removeEventListener('abort', onAbort)
      socket.off('error', onError)
    }
    // After a failure the socket may still have an error to say; it was told already.
    socket.on('error', () => undefined)
    socket.once('error', onError)
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('connect', () => {
      // A dial from a port to itself succeeds where nobody listens, and meets nobody else.
      if (socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress) {
        fail('nobody listens there')
        return
      }
      settle()
      resolve(socket satisfies Socket)
    })
  })
}

function describe(error: NodeJS.ErrnoException): string {
  const words: Record<string, string> = {
    EADDRINUSE: 'the port is taken',
    EADDRNOTAVAIL: 'this machine does not have the address',
    EACCES: 'not permitted',
    ECONNREFUSED: 'nobody listens there',
    EHOSTUNREACH: 'no way to the host',
    ENETUNREACH: 'no way to the network',
    ENOTFOUND: 'the name is unknown',
    ETIMEDOUT: 'no answer',
  }
  const known = words[error.code ?? '']
  return known === undefined ? error.message : `${known} (${String(error.code)})`
}

/** Somebody that listens on one address of several also speaks from it, so that it is known by one address. */
function sourceFor(own: string, target: string): { localAddress?: string } {
  if (isIP(own) === 0 || isIP(own) !== isIP(target) || unspecified.has(own)) return {}
  return isLoopback(own) === isLoopback(target) ? { localAddress: own } : {}
}

const unspecified = new Set(['0.0.0.0', '::'])
const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.')
