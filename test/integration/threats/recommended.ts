/**
 * Nodes as `p2pnet init` composes them, but for what looks for others by itself, and somebody who holds a key, speaks TLS
 * and the handshake, and then says what the test wants.
 */
import { randomBytes } from 'node:crypto'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { Config, CreateOptions, NetworkPacket, PeerNetwork } from 'p2pnet'
import { eventually, type Nodes } from '../../support/nodes.ts'
import { testKeys, type TestKeys } from '../../support/keys.ts'
import { pull } from '../../support/wire-codec.ts'
import { honest } from '../../plugins/transport/tls/certificates.ts'
import { frameOf, openKeyWire, session } from '../../plugins/trust/handshake-key/parties.ts'

const name = 'threats'
const { wire } = openKeyWire()

/** A started node of the recommended preset. */
export async function recommended(
  nodes: Nodes,
  config: Config = {},
  options: CreateOptions = {},
): Promise<PeerNetwork> {
  const node = await nodes.compose(
    {
      ...config,
      extends: ['p2pnet:recommended'],
      network: { name, port: 0, ...config.network },
      plugins: [{ use: 'discovery-lan', enabled: false }, { use: 'dialer', enabled: false }, ...(config.plugins ?? [])],
    },
    options,
  )
  await node.start()
  return node
}

export class TlsPeer {
  readonly keys: TestKeys
  readonly socket: TLSSocket
  readonly received: NetworkPacket[] = []
  isClosed = false

  /** Begins to connect. */
  constructor(node: PeerNetwork, from = '127.0.0.1', keys = testKeys()) {
    const { host, port } = node.listening[0]!
    this.keys = keys
    const decoder = wire.createDecoder({ frameBytes: 1_048_576 })
    const options: ConnectionOptions & { localAddress: string } = {
      host,
      port,
      ...honest(keys),
      localAddress: from,
      rejectUnauthorized: false,
      ALPNProtocols: ['p2pnet/1'],
    }
    this.socket = connect(options)
    this.socket.on('data', (chunk: Buffer) => this.received.push(...pull(decoder, chunk)))
    this.socket.on('error', () => undefined)
    this.socket.once('close', () => (this.isClosed = true))
  }

  say(...packets: object[]): void {
    this.socket.write(Buffer.concat(packets.map(frameOf)))
  }

  /** Proves who it is, as an honest dialler does. Resolves when the node is ready. */
  async shake(node: PeerNetwork): Promise<void> {
    const mine = session('dialler', this.keys, { network: name, nonce: randomBytes(32), proved: node.identifier })
    this.say(mine.begin()!)
    mine.hear((await eventually(() => this.received.find(({ type }) => type === 'KeyReady')))!)
  }

  /** What the node said when it closed. */
  async farewell(): Promise<string> {
    await eventually(() => this.isClosed)
    const goodbye = this.received.find(({ type }) => type === 'Disconnect') as { data?: string } | undefined
    return goodbye?.data ?? 'nothing was said'
  }
}
