/**
 * A packet: a typed unit on a channel. The five standard types are the seed's; plugins add their own by augmentation:
 *
 * ```ts
 * declare module 'p2pnet' { interface PacketTypes { Forecast: NetworkPacket & { type: 'Forecast'; celsius: number } } }
 * ```
 */

/** What every packet carries. */
export interface NetworkPacket {
  readonly type: string
  /** Identifier of the sender. Filled in when absent; one that is not the channel's peer's is refused. */
  readonly sourceOriginIdentifier?: string
  /** When it was sent, milliseconds since 1970 by the sender's clock. Filled in when absent. */
  readonly sourceOriginTime?: number
}

/** Says who one is and where one listens. Broadcast by LAN discovery, and sent first by handshake-ping. */
export interface IdentifierPacket extends NetworkPacket {
  readonly type: 'Identifier'
  readonly message?: string
  /** The port that the sender listens on. */
  readonly data: number
  /** The address that the sender believes to have. A hint: receivers use the address the packet came from. */
  readonly ip?: string
  /** `network.name` of the sender. Absent in packets of the C# original. */
  readonly network?: string
}

/** Says goodbye, with the reason as `CODE: words` in `data`. Closes the sender's own channel and no other. */
export interface DisconnectPacket extends NetworkPacket {
  readonly type: 'Disconnect'
  readonly ip?: string
  readonly port?: number
  /** Milliseconds since 1970. */
  readonly timestamp?: number
  readonly data?: string
}

/** A list of peers: candidates, never more. */
export interface CollectionSharePacket extends NetworkPacket {
  readonly type: 'CollectionShare'
  readonly data?: string
  readonly peers: readonly { readonly address: string; readonly port: number; readonly identifier?: string }[]
}

export type DataType = 'File' | 'Task' | 'MiscData'

/** Raw bytes, tagged with what they are. */
export interface DataTransmissionPacket extends NetworkPacket {
  readonly type: 'DataTransmission'
  readonly dataType: DataType
  readonly data: Uint8Array
}

/** A text message. */
export interface PureMessagePacket extends NetworkPacket {
  readonly type: 'PureMessage'
  readonly message: string
}

/** Packet types by name. Open: plugins augment it. */
export interface PacketTypes {
  Identifier: IdentifierPacket
  Disconnect: DisconnectPacket
  CollectionShare: CollectionSharePacket
  DataTransmission: DataTransmissionPacket
  PureMessage: PureMessagePacket
}

export type PacketTypeName = keyof PacketTypes & string
/** Any packet of a known type. */
export type Packet = PacketTypes[PacketTypeName]
/** What can be sent: a packet of a known type, or whatever carries a type of its own. */
export type AnyPacket = Packet | NetworkPacket
