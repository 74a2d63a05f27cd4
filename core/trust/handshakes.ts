/**
 * Runs the handshake of a channel and applies what comes of it: a level, trust or the want of it, a place in the ledger.
 */
import type { Clock } from '../clock.ts'
import { asP2PNetError, isP2PNetError, P2PNetError } from '../errors.ts'
import type { GuardedEmitter } from '../events.ts'
import type { TrustPolicy } from '../host/capabilities.ts'
import type { Generation } from '../host/generation.ts'
import type { PeerChannel } from '../peers/channel.ts'
import type { Limits } from '../settings.ts'
import type { AccessLists } from './access-lists.ts'
import type { Ledger } from './ledger.ts'
import { TrustLevel, trustLevelName } from './levels.ts'
import type { Refusal } from './refusal.ts'

export interface HandshakeServices {
  readonly clock: Clock
  readonly limits: Limits
  readonly events: GuardedEmitter
  readonly ledger: Ledger
  readonly lists: AccessLists
  readonly generation: () => Generation
  readonly policy: () => TrustPolicy
  readonly answeredBy: WeakMap<object, string>
  refuse(refusal: Refusal, channel: PeerChannel, hook: string): void
}

export class Handshakes {
  readonly #services: HandshakeServices
  /** What the handshake itself proved, before the operator's lists. */
  readonly #proved = new WeakMap<PeerChannel, TrustLevel>()

  constructor(services: HandshakeServices) {
    this.#services = services
  }

  async run(channel: PeerChannel): Promise<void> {
    const { clock, limits, generation } = this.#services
    try {
      const asked = generation().run((at) => at.trust.handshake.promise(channel))
      const level = await ended(asked, channel, clock, limits.handshakeMs)
      if (channel.closed) return
      this.#settle(channel, level)
    } catch (thrown) {
      if (channel.closed) return
      const error = asP2PNetError(thrown, 'E_HANDSHAKE')
      // With a coded cause, that is the reason, and the peer is told no more than what was thrown.
      const why = isP2PNetError(error.cause) ? error.cause : error
      this.#services.refuse({ code: why.code, reason: why.message }, channel, 'trust.handshake')
      void channel.close(outward(why), outward(error))
    }
  }

  /** The lists or the policy changed: what does that make of this channel? */
  judge(channel: PeerChannel): void {
    const proved = this.#proved.get(channel)
    if (proved === undefined || channel.closed) return
    this.#apply(channel, proved)
    if (!channel.trusted) channel.failTrust(new P2PNetError('E_NOT_ALLOWED', 'the peer is no longer trusted'))
  }

  #settle(channel: PeerChannel, level: TrustLevel | undefined): void {
    this.#proved.set(channel, level ?? TrustLevel.unknown)
    this.#apply(channel, level ?? TrustLevel.unknown)
    if (channel.trusted) return
    const words =
      level === undefined
        ? 'no handshake plugin answered, so the peer stays untrusted'
        : `the handshake reached ${trustLevelName(level)}, which the trust policy does not trust`
    this.#services.refuse({ code: 'E_NOT_ALLOWED', reason: words }, channel, 'trust.handshake')
    channel.failTrust(new P2PNetError('E_NOT_ALLOWED', words))
  }

  #apply(channel: PeerChannel, proved: TrustLevel): void {
    const { events, ledger, policy, answeredBy } = this.#services
    const level = this.#listed(channel, proved) ? TrustLevel.authorized : proved
    const trusted = policy().trusted(level)
    if (level === channel.level && trusted === channel.trusted) return
    channel.setTrust(level, trusted)
    ledger.write({
      plugin: answeredBy.get(channel) ?? 'kernel',
      hook: 'trust.handshake',
      code: trusted ? 'TRUSTED' : 'UNTRUSTED',
      reason: `level ${trustLevelName(level)}`,
      peer: channel.peer.identifier ?? channel.peer.address,
    })
    events.emit('trustChanged', channel, level)
  }

  /** Only a proved name can be on a list. */
  #listed(channel: PeerChannel, proved: TrustLevel): boolean {
    const { identifier } = channel.peer
    if (proved < TrustLevel.identified || identifier === undefined) return false
    return this.#services.lists.isAuthorized(identifier) || this.#services.policy().authorizes?.(identifier) === true
  }
}

/** That a plugin failed is no business of the peer's. */
function outward({ code, message: reason }: P2PNetError): Refusal {
  return { code: code === 'E_PLUGIN_FAILED' ? 'E_HANDSHAKE' : code, reason }
}

/** What the handshake says, in time and while the channel is open: whoever left waits for nothing and holds no place. */
function ended<T>(asked: Promise<T>, channel: PeerChannel, clock: Clock, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      stay()
      reject(new P2PNetError('E_HANDSHAKE_TIMEOUT', `the handshake did not finish within ${String(ms)} ms`))
    }, ms)
    const stay = channel.onLeave((reason) => {
      clock.clear(timer)
      reject(reason)
    })
    asked.then(resolve, reject).finally(() => {
      clock.clear(timer)
      stay()
    })
  })
}
