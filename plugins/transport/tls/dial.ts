/** The dialling side: TCP, then the handshake, then the checks. */
import { connect, type SecureContext, type TLSSocket } from 'node:tls'
import { asP2PNetError, type Connection, type PluginContext } from '../../../core/index.ts'
import { attempt } from '../shared/attempt.ts'
import { dialTcp, type DialAddress } from '../shared/dial.ts'
import type { TcpOptions } from '../shared/listen.ts'
import { describeTls, toConnection } from './connection.ts'
import { examine } from './examine.ts'
import { protocol } from './identity.ts'
import type { Refusals } from './refusals.ts'

export interface DialServices {
  readonly ctx: PluginContext
  readonly options: TcpOptions
  readonly context: () => SecureContext
  readonly refusals: Refusals
}

/** @throws P2PNetError E_DIAL, E_HANDSHAKE, E_KEY_INVALID, E_SELF */
export async function dialTls(
  { ctx, options, context, refusals }: DialServices,
  address: DialAddress,
  signal: AbortSignal,
): Promise<Connection> {
  const keys = ctx.use('keys')
  const secureContext = context()
  const raw = await dialTcp(ctx, options, address, signal)
  const at = raw.remoteAddress ?? address.host
  const socket: TLSSocket = connect({
    socket: raw,
    secureContext,
    ALPNProtocols: [protocol],
    // The checks are ours: no authority vouches for a node, and no name is in its certificate.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  })
  // Node says an error after the handshake and leaves the socket open.
  socket.on('error', () => socket.destroy())
  const limits = { signal, ms: ctx.settings.limits.handshakeMs }
  return attempt<Connection>(ctx, address, socket, limits, (succeed, fail) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      fail(describeTls(error), { cause: error })
    })
    socket.once('close', () => {
      fail('it left during the handshake')
    })
    socket.once('secureConnect', () => {
      try {
        succeed(toConnection(socket, examine(socket, keys)))
      } catch (thrown) {
        const error = asP2PNetError(thrown, 'E_HANDSHAKE')
        refusals.tell(error, at, 'transport.tls')
        fail(error.message, { code: error.code, cause: error })
      }
    })
  })
}
