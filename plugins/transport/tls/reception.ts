/**
 * The listening side: who comes in over TCP has so long for the handshake and no longer, however busy it is, and is the
 * kernel's only after all checks. How many may be in a handshake is the kernel's business.
 */
import type { Socket } from 'node:net'
import { TLSSocket, type SecureContext } from 'node:tls'
import { asP2PNetError, P2PNetError, type Admit, type Connection, type PluginContext } from '../../../core/index.ts'
import { describeTls, toConnection } from './connection.ts'
import { examine } from './examine.ts'
import { protocol } from './identity.ts'
import type { Refusals } from './refusals.ts'

export interface ReceptionServices {
  readonly ctx: PluginContext
  readonly context: () => SecureContext
  readonly refusals: Refusals
}

export class Reception {
  readonly #services: ReceptionServices
  /** Handshakes, each by how to give it up. */
  readonly #underWay = new Set<() => void>()
  #closed = false

  constructor(services: ReceptionServices) {
    this.#services = services
  }

  /** Nobody comes in any more; who is in stays. */
  close(): void {
    this.#closed = true
    for (const giveUp of this.#underWay) giveUp()
  }

  receive(raw: Socket, enter: (connection: Connection) => void, admit: Admit = anybody): void {
    raw.on('error', () => undefined)
    const { remoteAddress: address, remotePort: port = 0 } = raw
    if (address === undefined || this.#closed) {
      raw.destroy() // it has left already, or came too late
      return
    }
    let giveUp: (() => void) | undefined
    const release = admit(address, port, () => giveUp?.())
    if (release === undefined) raw.destroy()
    else giveUp = this.#shake(raw, address, release, enter)
  }

  /** Returns how to give it up. */
  #shake(raw: Socket, address: string, release: () => void, enter: (connection: Connection) => void): () => void {
    const { ctx, context, refusals } = this.#services
    const { clock, settings } = ctx
    const ms = settings.limits.handshakeMs
    const socket = new TLSSocket(raw, {
      isServer: true,
      secureContext: context(),
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: [protocol],
    })
    const settle = () => {
      this.#underWay.delete(giveUp)
      clock.clear(timer)
      release()
    }
    const giveUp = () => {
      settle()
      socket.destroy()
    }
    const refuse = (error: { code: string; message: string }, hook = 'transport.tls') => {
      if (!this.#underWay.has(giveUp)) return
      giveUp()
      refusals.tell(error, address, hook)
    }
    this.#underWay.add(giveUp)
    // Absolute: a byte now and then buys no time.
    const timer = clock.setTimeout(() => {
      const words = `the TLS handshake did not finish within ${String(ms)} ms`
      refuse(new P2PNetError('E_HANDSHAKE_TIMEOUT', words), 'limits.handshakeMs')
    }, ms)
    socket.on('error', (error: NodeJS.ErrnoException) => {
      refuse(new P2PNetError('E_HANDSHAKE', describeTls(error)))
    })
    socket.once('close', () => {
      refuse(new P2PNetError('E_HANDSHAKE', 'it left during the handshake'))
    })
    // Where Node says what goes wrong after the handshake, on this side; it leaves the socket open.
    socket.on('_tlsError', (error: Error) => socket.destroy(error))
    socket.once('secure', () => {
      if (!this.#underWay.has(giveUp)) return
      let peerKey: string
      try {
        peerKey = examine(socket, ctx.use('keys'))
      } catch (thrown) {
        refuse(asP2PNetError(thrown, 'E_HANDSHAKE'))
        return
      }
      settle()
      enter(toConnection(socket, peerKey))
    })
    return giveUp
  }
}

const anybody: Admit = () => () => undefined
