/** Listens on TCP, with the options that every transport over TCP has. */
import type { AddressInfo, Server, Socket } from 'node:net'
import { P2PNetError, type ListenOptions, type PluginContext, type TransportListener } from '../../../core/index.ts'
import { describe } from './describe.ts'

export interface TcpOptions {
  /** Longest connect, in ms. */
  readonly dialMs: number
  readonly backlog: number
  readonly noDelay: boolean
  /** Idle time before the system probes a connection, in ms; 0: never. */
  readonly keepAliveMs: number
}

/** @throws P2PNetError E_LISTEN */
export function listenTcp(
  ctx: PluginContext,
  { backlog, noDelay, keepAliveMs }: TcpOptions,
  { host, port }: ListenOptions,
  onSocket: (socket: Socket) => void,
): Promise<TransportListener> {
  const keepAlive = { keepAlive: keepAliveMs > 0, keepAliveInitialDelay: keepAliveMs }
  const server = ctx.net.createServer({ noDelay, ...keepAlive }, onSocket)
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
