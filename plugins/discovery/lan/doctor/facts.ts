/** What an examination of the LAN finds, before anybody says what it means. Plain data: `doctor lan --json` prints it. */

/** A place that spoke to us. */
export interface Answer {
  readonly address: string
  /** UDP. */
  readonly port: number
}

/** One way to be heard on an interface. */
export interface PathFacts {
  readonly path: 'broadcast' | 'multicast'
  readonly family: 'IPv4' | 'IPv6'
  /** The address that was sent to. */
  readonly to: string
  /** Datagrams that left. */
  readonly sent: number
  /** Why others did not leave, each once. */
  readonly errors: readonly string[]
  /** What was sent came back to this machine, as broadcasts and multicasts do. */
  readonly heardItself: boolean
  readonly answers: readonly Answer[]
}

export interface InterfaceFacts {
  readonly name: string
  /** `unused`: the config leaves it out. `down`: the system does not use it. `unsuited`: it has no LAN. */
  readonly state: 'used' | 'unused' | 'down' | 'unsuited'
  readonly addresses: readonly string[]
  readonly loopback: boolean
  readonly paths: readonly PathFacts[]
}

export interface PortFacts {
  readonly port: number
  /** Why nobody else can listen on it. */
  readonly error?: string
}

/** Somebody who announced itself, or answered. */
export interface HeardFacts {
  readonly identifier?: string
  readonly address: string
  /** Where it takes connections. */
  readonly port: number
  /** Absent: it names none, as nodes of the C# original do. */
  readonly network?: string
  /** It answered what was asked; else it was only heard. */
  readonly answered: boolean
  /** Its clock less ours, in ms. */
  readonly clockMs?: number
  /** The node that runs here, of the same data directory. */
  readonly own: boolean
}

/** A host that was asked by itself. */
export interface UnicastFacts {
  readonly to: string
  readonly sent: number
  readonly errors: readonly string[]
  /** Nobody listens on these ports: the host itself said so. */
  readonly refused: readonly number[]
  readonly answers: readonly Answer[]
}

export interface Facts {
  readonly network: string
  /** network.host */
  readonly host: string
  readonly ports: readonly PortFacts[]
  readonly interfaces: readonly InterfaceFacts[]
  readonly unicast?: UnicastFacts
  readonly heard: readonly HeardFacts[]
  /** Where datagrams came from that are no announcements in this wire format. */
  readonly unreadable: readonly string[]
}
