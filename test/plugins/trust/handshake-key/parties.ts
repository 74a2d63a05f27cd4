/** Who takes part in handshakes: keys without a node, the wire with the handshake's packets, and somebody on a plain socket. */
import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { Keys, NetworkPacket, PacketRegistry, PeerNetwork, Wire } from 'p2pnet'
import { keyIdOf, readPublicKey } from '../../../../plugins/identity/key/public-keys.ts'
import packetsStandard from '../../../../plugins/packets/standard/index.ts'
import { registerPackets } from '../../../../plugins/trust/handshake-key/packets.ts'
import { KeySession, type SessionSetup } from '../../../../plugins/trust/handshake-key/session.ts'
import wireBinary from '../../../../plugins/wire/binary/index.ts'
import { fakeContext, resolveOptions } from '../../../support/fake-context.ts'
import { eventually } from '../../../support/nodes.ts'
import { pull } from '../../../support/wire-codec.ts'

export function newKeys(): Keys {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    privateKey,
    publicKey: publicKey.export({ format: 'der', type: 'spki' }),
    sign: (bytes) => sign(null, bytes, privateKey),
    verify: (bytes, signature, spki) => verify(null, bytes, readPublicKey(spki), signature),
    keyId: keyIdOf,
  }
}

export function session(
  role: SessionSetup['role'],
  keys: SessionSetup['keys'],
  more: Partial<SessionSetup> = {},
): KeySession {
  return new KeySession({ role, keys, network: 'test', nonce: randomBytes(32), binding: new Uint8Array(), ...more })
}

export function openKeyWire(): { wire: Wire; types: PacketRegistry } {
  const fake = fakeContext()
  packetsStandard.setup(fake.ctx, resolveOptions(packetsStandard))
  registerPackets(fake.ctx.packets)
  wireBinary.setup(fake.ctx, resolveOptions(wireBinary))
  return { wire: fake.provided.wire!, types: fake.ctx.packets }
}

const { wire } = openKeyWire()

export function frameOf(packet: object): Buffer {
  const { head, payload = new Uint8Array() } = wire.encode(packet as NetworkPacket)
  return Buffer.concat([head, payload])
}

/** Somebody who speaks the wire over a plain socket and knows the handshake, but keeps to nothing. */
export class KeyPeer {
  readonly socket: Socket
  readonly received: NetworkPacket[] = []
  isClosed = false

  private constructor(socket: Socket) {
    this.socket = socket
    const decoder = wire.createDecoder({ frameBytes: 1_048_576 })
    socket.on('data', (chunk: Buffer) => this.received.push(...pull(decoder, chunk)))
    socket.on('error', () => undefined)
    socket.once('close', () => (this.isClosed = true))
  }

  static async dial(node: PeerNetwork, from = '127.0.0.1'): Promise<KeyPeer> {
    const { host, port } = node.listening[0]!
    const socket = connect({ host, port, localAddress: from })
    const peer = new KeyPeer(socket)
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return peer
  }

  say(...packets: object[]): void {
    this.socket.write(Buffer.concat(packets.map(frameOf)))
  }

  hears(type: string): Promise<NetworkPacket> {
    return eventually(() => this.received.find((packet) => packet.type === type))
  }

  /** As much of an honest handshake as there is; resolves when the node is ready. */
  async shake(keys: Keys, more: Partial<SessionSetup> = {}): Promise<void> {
    const mine = session('dialler', keys, more)
    this.say(mine.begin()!)
    this.say(mine.hear(await this.hears('KeyChallenge')).says!)
    mine.hear(await this.hears('KeyReady'))
  }

  /** What the node said when it closed. */
  async farewell(): Promise<string> {
    await eventually(() => this.isClosed)
    const goodbye = this.received.find(({ type }) => type === 'Disconnect') as { data?: string } | undefined
    return goodbye?.data ?? 'nothing was said'
  }
}
