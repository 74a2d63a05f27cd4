/**
 * A peer is somebody: what the node knows of another node, connected or not.
 */

/** An address somebody can be dialled at. */
export interface PeerAddress {
  readonly host: string
  readonly port: number
  /** Name of the transport, e.g. `tcp`. */
  readonly scheme: string
}

/** Hearsay about a peer. */
export interface Candidate {
  readonly host: string
  readonly port: number
  /** Default: the first transport of the config. */
  readonly scheme?: string
  readonly identifier?: string
  /** Who says so: the name of the discovery, or `manual`. */
  readonly via: string
}

export interface Peer {
  readonly identifier?: string
  readonly addresses: readonly PeerAddress[]
  /** Who told of it first. */
  readonly via: string
  /** Milliseconds since 1970. */
  readonly lastSeen: number
}

/** Where to dial, and whom to expect there. */
export interface DialTarget {
  readonly host: string
  readonly port: number
  readonly scheme?: string
  /** Whoever answers must prove or claim this identifier; somebody else is E_WRONG_PEER. */
  readonly identifier?: string
}

export const addressKey = ({ host, port, scheme }: PeerAddress): string => `${scheme}://${host}:${String(port)}`
