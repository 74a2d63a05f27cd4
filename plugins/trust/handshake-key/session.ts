/**
 * One side of the handshake, as a state machine without I/O:
 *
 *     I:  begin, says KeyHello -> challenge --KeyChallenge, says KeyProof--> ready --KeyReady--> over
 *     R:  begin -> hello --KeyHello, says KeyChallenge--> proof --KeyProof, says KeyReady--> over
 *
 * and where the transport has proved the other side's key
 *
 *     I:  begin, says KeyHello -> ready --KeyReady--> over
 *     R:  begin -> hello --KeyHello, says KeyReady--> over
 *
 * Any other message, at any time, leads to failed, which nothing leads out of.
 */
import { P2PNetError, TrustLevel, type Keys, type NetworkPacket } from '../../../core/index.ts'
import { bytesFrom, exactly, failure, keyBytes, nonceBytes, signatureBytes, textOf } from './fields.ts'
import type { KeyPacket } from './packets.ts'
import { signedBytes, type Role, type Transcript } from './transcript.ts'

export interface SessionSetup {
  readonly role: Role
  /** Name of the network. */
  readonly network: string
  readonly keys: Pick<Keys, 'publicKey' | 'sign' | 'verify' | 'keyId'>
  /** 32 fresh random bytes. */
  readonly nonce: Uint8Array
  /** Exported from the connection; empty where the transport has none. */
  readonly binding: Uint8Array
  /** Identifier of the key that the transport proved, if it did. */
  readonly proved?: string | undefined
  /** Whom this side wants to talk to, if it knows. */
  readonly expected?: string | undefined
}

/** What a message leads to. */
export interface Step {
  /** The peer has just proved to be this one. */
  readonly peer?: string
  /** To be said next, if the peer may stay. */
  readonly says?: KeyPacket
}

type State = 'begin' | 'hello' | 'challenge' | 'proof' | 'ready' | 'over' | 'failed'

/** What is waited for, by state. */
const awaited: Readonly<Partial<Record<State, KeyPacket['type']>>> = {
  hello: 'KeyHello',
  challenge: 'KeyChallenge',
  proof: 'KeyProof',
  ready: 'KeyReady',
}

interface Peer {
  readonly identifier: string
  readonly key: Uint8Array
  readonly nonce: Uint8Array
}

export class KeySession {
  readonly #setup: SessionSetup
  #state: State = 'begin'
  #peer: Peer | undefined

  constructor(setup: SessionSetup) {
    this.#setup = setup
  }

  get isOver(): boolean {
    return this.#state === 'over'
  }

  /** What the handshake proves, once it is over. */
  get level(): TrustLevel {
    const { proved, binding } = this.#setup
    return proved !== undefined || binding.byteLength > 0 ? TrustLevel.authenticated : TrustLevel.identified
  }

  /** The first thing to say, for the side that speaks first. */
  begin(): KeyPacket | undefined {
    const { role, network, keys, nonce, proved } = this.#setup
    if (role === 'answerer') {
      this.#state = 'hello'
      return undefined
    }
    this.#state = proved === undefined ? 'challenge' : 'ready'
    return { type: 'KeyHello', v: 1, net: network, key: textOf(keys.publicKey), nonce: textOf(nonce) }
  }

  /** @throws P2PNetError E_HANDSHAKE, E_KEY_INVALID, E_SELF, E_WRONG_PEER: the handshake has failed */
  hear(message: NetworkPacket): Step {
    const state = this.#state
    this.#state = 'failed' // unless it comes to something
    if (message.type !== awaited[state])
      throw failure(`${JSON.stringify(message.type.slice(0, 64))} in the state ${state}`)
    switch (state) {
      case 'hello':
        return this.#hello(message)
      case 'challenge':
        return this.#challenge(message)
      case 'proof':
        return this.#proof(message)
      default:
        return this.#ready(message)
    }
  }

  #hello(message: NetworkPacket): Step {
    const { network, keys, proved, nonce } = this.#setup
    const { v, net, key, nonce: theirs } = exactly(message, ['v', 'net', 'key', 'nonce'])
    if (v !== 1) throw failure('the version of the handshake is unknown')
    if (typeof net !== 'string' || net !== network)
      throw failure(`the peer belongs to the network ${JSON.stringify(net)?.slice(0, 80) ?? ''}`)
    const peer = this.#meet(key, theirs)
    if (proved !== undefined) {
      if (peer.identifier !== proved) throw failure('the peer names another key than the one that the transport proved')
      this.#state = 'over'
      return { peer: proved, says: { type: 'KeyReady' } }
    }
    this.#peer = peer
    this.#state = 'proof'
    const sig = textOf(keys.sign(signedBytes('answerer', this.#transcript(peer))))
    return { says: { type: 'KeyChallenge', key: textOf(keys.publicKey), nonce: textOf(nonce), sig } }
  }

  #challenge(message: NetworkPacket): Step {
    const { keys, expected } = this.#setup
    const { key, nonce, sig } = exactly(message, ['key', 'nonce', 'sig'])
    const peer = this.#meet(key, nonce)
    this.#verify(sig, peer, 'answerer')
    // Before anything of ours is signed for somebody whom we did not want to talk to.
    if (expected !== undefined && expected !== peer.identifier)
      throw new P2PNetError('E_WRONG_PEER', `the peer is ${peer.identifier}, not ${expected}`)
    this.#state = 'ready'
    const mine = keys.sign(signedBytes('dialler', this.#transcript(peer)))
    return { peer: peer.identifier, says: { type: 'KeyProof', sig: textOf(mine) } }
  }

  #proof(message: NetworkPacket): Step {
    const { sig } = exactly(message, ['sig'])
    const peer = this.#peer
    if (peer === undefined) throw failure('a proof came before anybody had said hello')
    this.#verify(sig, peer, 'dialler')
    this.#state = 'over'
    return { peer: peer.identifier, says: { type: 'KeyReady' } }
  }

  #ready(message: NetworkPacket): Step {
    exactly(message, [])
    this.#state = 'over'
    return {}
  }

  /** Somebody names a key and a nonce; nothing is proved yet. */
  #meet(key: unknown, nonce: unknown): Peer {
    const { keys, nonce: mine } = this.#setup
    const theirKey = bytesFrom(key, keyBytes, 'key')
    const theirNonce = bytesFrom(nonce, nonceBytes, 'nonce')
    const identifier = keys.keyId(theirKey)
    if (Buffer.compare(theirKey, keys.publicKey) === 0)
      throw new P2PNetError('E_SELF', 'the peer names the key of this node')
    if (Buffer.compare(theirNonce, mine) === 0) throw failure('the peer has sent our nonce back')
    return { identifier, key: theirKey, nonce: theirNonce }
  }

  #verify(sig: unknown, peer: Peer, by: Role): void {
    const signature = bytesFrom(sig, signatureBytes, 'signature')
    if (!this.#setup.keys.verify(signedBytes(by, this.#transcript(peer)), signature, peer.key))
      throw failure('the signature is not that of the key over this handshake')
  }

  #transcript(peer: Peer): Transcript {
    const { role, network, binding, keys, nonce } = this.#setup
    const mine = { key: keys.publicKey, nonce }
    const [dialler, answerer] = role === 'dialler' ? [mine, peer] : [peer, mine]
    return {
      network,
      binding,
      diallerKey: dialler.key,
      diallerNonce: dialler.nonce,
      answererKey: answerer.key,
      answererNonce: answerer.nonce,
    }
  }
}
