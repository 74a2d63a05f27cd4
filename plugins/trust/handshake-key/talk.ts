/**
 * A session on a channel: what it says goes out, what comes in is its to judge. Until it is over, nothing else passes.
 */
import {
  asP2PNetError,
  handshakeFailed,
  P2PNetError,
  type NetworkPacket,
  type PeerChannel,
  type PluginContext,
  type TrustLevel,
} from '../../../core/index.ts'
import { failure } from './fields.ts'
import { isKeyPacket, type KeyPacket } from './packets.ts'
import { KeySession } from './session.ts'

const bindingLabel = 'EXPORTER-p2pnet-channel-binding-v1'
const bindingBytes = 32
const nonceBytes = 32

/**
 * Holds what the peer says before the handshake is asked for: other plugins may be asked first, and take their time. What
 * it returns gives that up and lets go.
 */
export function holdEarly(channel: PeerChannel): () => readonly NetworkPacket[] {
  const held: NetworkPacket[] = []
  const letGo = channel.take((packet) => {
    if (!isKeyPacket(packet)) return false
    if (held.length < 2) held.push(packet) // one is right, two are wrong, and more are no more wrong
    return true
  })
  return () => {
    letGo()
    return held
  }
}

/**
 * Resolves with what was proved.
 * @throws P2PNetError E_HANDSHAKE, which tells nothing, with the reason as its cause; E_HANDSHAKE_TIMEOUT
 */
export function talk(
  ctx: PluginContext,
  channel: PeerChannel,
  timeoutMs: number,
  early: readonly NetworkPacket[],
): Promise<TrustLevel> {
  const { clock, network } = ctx
  return new Promise((resolve, reject) => {
    let stopWatching = (): void => undefined
    const end = () => {
      clock.clear(deadline)
      stopWatching()
    }
    const fail = (thrown: unknown) => {
      end()
      const { code, reason } = handshakeFailed
      reject(new P2PNetError(code, reason, { cause: asP2PNetError(thrown, 'E_HANDSHAKE') }))
    }
    const left = () => {
      fail(failure('the peer left during the handshake'))
    }
    const deadline = clock.setTimeout(() => {
      end()
      reject(new P2PNetError('E_HANDSHAKE_TIMEOUT', `the handshake took longer than ${String(timeoutMs)} ms`))
    }, timeoutMs)
    stopWatching = channel.onLeave(left)

    const hear = (session: KeySession, packet: NetworkPacket) => {
      try {
        const { peer, says } = session.hear(packet)
        if (peer !== undefined && !network.identify(channel, peer)) return
        if (says !== undefined) channel.post(says)
        if (!session.isOver) return
        end()
        resolve(session.level)
      } catch (thrown) {
        fail(thrown)
      }
    }
    try {
      channel.awaitProof()
      const session = openSession(ctx, channel)
      channel.take((packet) => {
        // A goodbye is always understood, and nobody is believed for it.
        if (packet.type === 'Disconnect') return false
        if (!session.isOver) hear(session, packet)
        else if (isKeyPacket(packet)) dismiss(ctx, channel, packet)
        else return false
        return true
      })
      const first: KeyPacket | undefined = session.begin()
      if (first !== undefined) channel.post(first)
      for (const packet of early) hear(session, packet)
    } catch (thrown) {
      fail(thrown)
    }
  })
}

function openSession({ random, settings, use }: PluginContext, channel: PeerChannel): KeySession {
  const { peerKey: proved } = channel
  // Where the transport has proved the key nothing is signed, so that there is nothing to bind.
  const binding = (proved === undefined ? channel.exporter(bindingLabel, bindingBytes) : undefined) ?? new Uint8Array()
  if (binding.byteLength !== bindingBytes && binding.byteLength !== 0)
    throw failure('the transport binds with another length than was asked for')
  return new KeySession({
    role: channel.inbound ? 'answerer' : 'dialler',
    network: settings.name,
    keys: use('keys'),
    nonce: random.bytes(nonceBytes),
    binding,
    proved,
    expected: channel.expected,
  })
}

/** Somebody who was believed begins again, or says the same twice. */
function dismiss({ network }: PluginContext, channel: PeerChannel, { type }: NetworkPacket): void {
  const refusal = failure(`${type} after the handshake was over`)
  const reason = { code: refusal.code, reason: refusal.message }
  network.refuse(reason, channel.peer.identifier ?? channel.peer.address, 'trust.handshake')
  void channel.close(reason, handshakeFailed)
}
