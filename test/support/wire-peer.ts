/**
 * Somebody who speaks the wire over a plain socket, and may say whatever the test wants: whole packets, single bytes,
 * nothing at all. It reads what the node says, and remembers it.
 */
import { connect, type Socket } from 'node:net'
import type { NetworkPacket, PeerNetwork } from 'p2pnet'
import { eventually } from './nodes.ts'
import { bytesOf, openWire, pull } from './wire-codec.ts'

const wire = openWire()

export interface WirePeerOptions {
  /** Where it calls from: any of 127.0.0.0/8. */
  readonly from?: string
}

export class WirePeer {
  readonly socket: Socket
  readonly received: NetworkPacket[] = []
  readonly closed: Promise<void>
  isClosed = false

  private constructor(socket: Socket) {
    this.socket = socket
    const decoder = wire.createDecoder({ frameBytes: 1_048_576 })
    socket.on('data', (chunk: Buffer) => this.received.push(...pull(decoder, chunk)))
    socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.isClosed = true
        resolve()
      })
    })
  }

  /** Connected to the node; what comes of it is another matter. */
  static async dial(node: PeerNetwork, { from = '127.0.0.1' }: WirePeerOptions = {}): Promise<WirePeer> {
    const [listening] = node.listening
    if (listening === undefined) throw new Error('the node does not listen')
    const socket = connect({ host: listening.host, port: listening.port, localAddress: from })
    const peer = new WirePeer(socket)
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return peer
  }

  send(...packets: object[]): void {
    this.write(Buffer.concat(packets.map((packet) => bytesOf(wire, packet))))
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes)
  }

  /** Says who it is. */
  introduce(identifier: string, port = 1): void {
    this.send({ type: 'Identifier', data: port, sourceOriginIdentifier: identifier })
  }

  /** The reason that the node gave for closing: `CODE: words`. */
  async farewell(): Promise<string> {
    const isGoodbye = ({ type }: NetworkPacket) => type === 'Disconnect'
    const goodbye = await eventually(() => this.received.find(isGoodbye) ?? this.isClosed)
    return goodbye === true ? 'nothing was said' : ((goodbye as { data?: string }).data ?? '')
  }

  destroy(): void {
    this.socket.destroy()
  }
}
