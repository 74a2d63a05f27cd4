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

/** An address in the table of known peers, and where it comes from. */
export interface KnownAddress extends PeerAddress {
  /** Who told of it; `channel`: it was dialled there, or says itself that it listens there. */
  readonly via?: string
  /** Milliseconds since 1970. */
  readonly lastSeen?: number
  /** Of `channel`, and the peer was trusted once. */
  readonly proved?: boolean
}

/** Hearsay about a peer. */
export interface Candidate {
  readonly host: string
  readonly port: number
  /** Default: the first transport of the config. */
  readonly scheme?: string
  readonly identifier?: string
  /** Who says so: the name of the discovery, `manual`, `channel` for the peer itself, or `share:IDENTIFIER`. */
  readonly via: string
  /** Address of whoever says so, where that is another node: it is not believed about places that it cannot see. */
  readonly from?: string
}

export interface Peer {
  readonly identifier?: string
  /** Those it was trusted at first, then the newest. */
  readonly addresses: readonly KnownAddress[]
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

/** The source of what a channel itself shows or its peer says about itself. */
export const ownWord = 'channel'
/** Begins the name of a source that is another node's list of peers. */
export const shareMark = 'share:'

/** Is a source another node's list? */
export const isShare = (via: string): boolean => via.startsWith(shareMark)

export const addressKey = ({ host, port, scheme }: PeerAddress): string => `${scheme}://${host}:${String(port)}`
