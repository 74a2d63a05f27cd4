/**
 * handshake-ping: the seed's handshake, "Ping from ADDRESS" three times, both ways. It proves that somebody answers and
 * nothing else, so it grants `pinged`, never more. Each side introduces itself first, with an Identifier packet.
 */
import { isIP } from 'node:net'
import {
  definePlugin,
  P2PNetError,
  TrustLevel,
  type IdentifierPacket,
  type NetworkPacket,
  type PeerChannel,
  type PluginContext,
  type PureMessagePacket,
  type Refusal,
} from '../../../core/index.ts'
import { handshakePingSchema, type ResolvedHandshakePingOptions } from '../../../schemas/generated/handshake-ping.ts'
import { PingSession } from './session.ts'

const flood: Refusal = { code: 'E_HANDSHAKE', reason: 'the peer pings without end' }

const pingText = /^Ping from ([0-9a-fA-F.:]{2,45})$/

export default definePlugin<ResolvedHandshakePingOptions>({
  name: 'handshake-ping',
  version: '0.1.0',
  api: 1,
  schema: handshakePingSchema,
  category: 'Peers',
  ceiling: 'pinged',
  setup(ctx, options) {
    ctx.hooks.trust.handshake.tapPromise((channel) => shakeHands(ctx, options, channel))
  },
  start(ctx) {
    ctx.log.info('handshake-ping proves that a peer answers, not who it is')
  },
})

function shakeHands(
  ctx: PluginContext,
  options: ResolvedHandshakePingOptions,
  channel: PeerChannel,
): Promise<TrustLevel> {
  const { clock, network } = ctx
  const session = new PingSession(options)
  introduce(ctx, channel)

  return new Promise((resolve, reject) => {
    const ping = () => {
      session.sent()
      post(channel, { type: 'PureMessage', message: `Ping from ${ownAddress(network)}` } as PureMessagePacket)
    }
    let stopWatching = (): void => undefined
    const end = () => {
      clock.clear(deadline)
      clock.clear(timer)
      stopWatching()
    }
    // The taker stays as long as the channel: a ping is never a message.
    const fail = (error: P2PNetError) => {
      end()
      reject(error)
    }
    const settle = () => {
      if (session.verdict !== 'pinged' || !session.isHeard) return
      clock.clear(deadline)
      resolve(TrustLevel.pinged)
    }
    const left = () => {
      fail(new P2PNetError('E_HANDSHAKE', 'the peer left during the handshake'))
    }
    // Slower than the other side counts, so that a delay on the way does not cost a ping: whoever trusts first says
    // things that the other would not believe yet.
    const timer = clock.setInterval(
      () => {
        if (session.sendsMore) ping()
        else if (session.verdict !== 'pinging') end()
        settle()
      },
      Math.ceil(options.intervalMs * 1.5),
    )
    const deadline = clock.setTimeout(() => {
      fail(
        new P2PNetError(
          'E_HANDSHAKE_TIMEOUT',
          `no ${String(options.pings)} pings within ${String(options.timeoutMs)} ms`,
        ),
      )
    }, options.timeoutMs)
    channel.take((packet) => {
      if (packet.type === 'Identifier') return introduced(ctx, packet as IdentifierPacket, channel)
      if (!isPing(packet)) return false
      if (session.hear(clock.now())) ping()
      if (session.verdict === 'failed') {
        fail(new P2PNetError(flood.code, flood.reason))
        if (channel.trusted) dismiss(ctx, channel)
      } else settle()
      return true
    })
    stopWatching = channel.onLeave(left)
    ping()
  })
}

/** Somebody who was believed goes on pinging. */
function dismiss({ network }: PluginContext, channel: PeerChannel): void {
  network.refuse(flood, channel.peer.identifier ?? channel.peer.address, 'trust.handshake')
  void channel.close(flood)
}

/** Says who we are and where we listen. */
function introduce({ network, settings, clock }: PluginContext, channel: PeerChannel): void {
  const port = network.listening.find(({ scheme }) => scheme === channel.scheme)?.port ?? 0
  post(channel, {
    type: 'Identifier',
    message: '',
    data: port,
    ip: ownAddress(network),
    network: settings.name,
    sourceOriginIdentifier: network.identifier,
    sourceOriginTime: clock.now(),
  } as IdentifierPacket)
}

/** The peer's port is hearsay like any other; its address is where it connects from. */
function introduced({ network }: PluginContext, packet: IdentifierPacket, channel: PeerChannel): true {
  const { identifier, address } = channel.peer
  if (packet.data > 0) channel.listensAt(packet.data)
  if (identifier !== undefined && packet.data > 0)
    network.candidate({ host: address, port: packet.data, scheme: channel.scheme, identifier, via: 'channel' })
  return true
}

function isPing(packet: NetworkPacket): boolean {
  if (packet.type !== 'PureMessage') return false
  const [, address = ''] = pingText.exec((packet as PureMessagePacket).message) ?? []
  return isIP(address) !== 0
}

function ownAddress(network: PluginContext['network']): string {
  const [listening] = network.listening
  if (listening !== undefined && isIP(listening.host) !== 0 && listening.host !== '0.0.0.0' && listening.host !== '::')
    return listening.host
  const all = network.interfaces.flatMap(({ addresses }) => addresses)
  return (all.find(({ family, internal }) => family === 'IPv4' && !internal) ?? all[0])?.address ?? '127.0.0.1'
}

/** A ping that finds no room or no channel is as good as lost on the way. */
function post(channel: PeerChannel, packet: NetworkPacket): void {
  try {
    channel.post(packet)
  } catch {
    // The channel is closing; the handshake ends with it.
  }
}
