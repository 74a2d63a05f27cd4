/**
 * transport-tls: TLS 1.3 in which both sides show a certificate of their identity key, so that whoever answers is known
 * by key before a byte is exchanged.
 */
import { definePlugin } from '../../../core/index.ts'
import { transportTlsSchema, type ResolvedTransportTlsOptions } from '../../../schemas/generated/transport-tls.ts'
import { listenTcp } from '../shared/listen.ts'
import { dialTls } from './dial.ts'
import { secureContextFor } from './identity.ts'
import { Reception } from './reception.ts'
import { Refusals } from './refusals.ts'

export default definePlugin<ResolvedTransportTlsOptions>({
  name: 'transport-tls',
  version: '0.1.0',
  api: 1,
  schema: transportTlsSchema,
  category: 'Peers',
  requires: ['keys'],
  setup(ctx, options) {
    const context = secureContextFor(() => ctx.use('keys'))
    const refusals = new Refusals(ctx)
    ctx.transport.register('tls', {
      listen: async (at, onConnection, admit) => {
        context() // without a key nobody could come in
        const reception = new Reception({ ctx, context, refusals })
        const listener = await listenTcp(ctx, options, at, (socket) => {
          reception.receive(socket, onConnection, admit)
        })
        const close = () => {
          reception.close()
          return listener.close()
        }
        return { ...listener, close }
      },
      dial: (address, signal) => dialTls({ ctx, options, context, refusals }, address, signal),
    })
  },
})
