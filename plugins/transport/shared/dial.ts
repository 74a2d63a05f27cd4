/** Connects by TCP, with the options that every transport over TCP has. */
import { isIP, type Socket } from 'node:net'
import type { PluginContext } from '../../../core/index.ts'
import { attempt } from './attempt.ts'
import { describe } from './describe.ts'
import type { TcpOptions } from './listen.ts'

export interface DialAddress {
  readonly host: string
  readonly port: number
}

/** @throws P2PNetError E_DIAL */
export function dialTcp(
  ctx: PluginContext,
  { dialMs, noDelay, keepAliveMs }: TcpOptions,
  { host, port }: DialAddress,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = ctx.net.connect({
    host,
    port,
    noDelay,
    keepAlive: keepAliveMs > 0,
    keepAliveInitialDelay: keepAliveMs,
    ...sourceFor(ctx.settings.host, host),
  })
  return attempt(ctx, { host, port }, socket, { signal, ms: dialMs }, (succeed, fail) => {
    socket.once('error', (error) => {
      fail(describe(error), { cause: error })
    })
    socket.once('connect', () => {
      // A dial from a port to itself succeeds where nobody listens, and meets nobody else.
      if (socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress)
        fail('nobody listens there')
      else succeed(socket)
    })
  })
}

/** Somebody that listens on one address of several also speaks from it, so that it is known by one address. */
function sourceFor(own: string, target: string): { localAddress?: string } {
  if (isIP(own) === 0 || isIP(own) !== isIP(target) || unspecified.has(own)) return {}
  return isLoopback(own) === isLoopback(target) ? { localAddress: own } : {}
}

const unspecified = new Set(['0.0.0.0', '::'])
const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.')
