/** What a channel is made of and lives by: who is at the other end, what it counts, and what it asks of the kernel. */
import type { Clock } from '../clock.ts'
import type { P2PNetError } from '../errors.ts'
import type { NetworkPacket } from '../packets/packet.ts'
import type { Frame, Wire } from '../packets/wire.ts'
import type { Limits } from '../settings.ts'
import type { Refusal } from '../trust/refusal.ts'
import type { PeerChannel } from './channel.ts'
import type { OutQueueOptions } from './out-queue.ts'

/** Who is at the other end. */
export interface ChannelPeer {
  /** Proved or, in classic networks, claimed. Unknown until the peer has said it. */
  readonly identifier?: string
  readonly address: string
  /** Where the peer listens, once it has said so; before that the port the connection came from. */
  readonly port: number
}

export interface ChannelStats {
  readonly packetsIn: number
  readonly packetsOut: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/** Looks at a packet before admission; true keeps it from everybody else. */
export type PacketTaker = (packet: NetworkPacket) => boolean

/** What a channel asks of the kernel. */
export interface ChannelServices {
  readonly clock: Clock
  readonly limits: Limits
  readonly wire: Wire
  readonly out: OutQueueOptions
  /** Handles one packet. A promise pauses the channel's reading until it settles. */
  receive(packet: NetworkPacket, channel: PeerChannel): Promise<void> | undefined
  /** Fills in, asks packets.outgoing, encodes. @throws P2PNetError */
  encode(packet: NetworkPacket): Frame
  /** One turn of reading took this long. */
  turn(ms: number): void
  /** A no of the channel itself, for the ledger. */
  refuse(refusal: Refusal, channel: PeerChannel, hook: string): void
  /** Where it gave way to another it finds that one: yieldTo() or failTrust() comes of it. */
  closed(channel: PeerChannel, reason: P2PNetError): void
}
