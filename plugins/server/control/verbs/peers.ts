/**
 * `peers`: the open channels, and with `known` those too who are only known.
 */
import {
  trustLevelName,
  type Control,
  type Peer,
  type PeerChannel,
  type PluginContext,
  type TrustLevelName,
} from '../../../../core/index.ts'

export interface ChannelRow {
  /** Null until the peer has said or proved it. */
  readonly identifier: string | null
  readonly address: string
  readonly port: number
  readonly scheme: string
  readonly connected: true
  readonly level: TrustLevelName
  readonly trusted: boolean
  readonly inbound: boolean
  /** When the channel opened, and when bytes came last; milliseconds since 1970. */
  readonly since: number
  readonly lastReceivedAt: number
  readonly packetsIn: number
  readonly packetsOut: number
  readonly bytesIn: number
  readonly bytesOut: number
}

export interface KnownRow {
  readonly identifier: string | null
  /** Its own word for where it is, where it gave one. */
  readonly address: string
  readonly port: number
  readonly scheme: string
  readonly connected: false
  readonly level: 'unknown'
  readonly trusted: false
  /** Who told of it. */
  readonly via: string
  /** Milliseconds since 1970. */
  readonly lastSeen: number
}

export type PeerRow = ChannelRow | KnownRow

export function addPeers(control: Control, { network }: PluginContext): void {
  control.verb('peers', {
    arguments: { known: 'boolean?' },
    run({ known = false }): PeerRow[] {
      const open = [...network.channels].map(channelRow)
      if (!known) return open
      const shown = new Set(open.map(({ identifier }) => identifier))
      const others = [...network.knownPeers].filter(
        ({ identifier, addresses: [first] }) =>
          !shown.has(identifier ?? '') &&
          !(
            identifier === undefined && open.some(({ address, port }) => address === first?.host && port === first.port)
          ),
      )
      return [...open, ...others.flatMap(knownRow)]
    },
  })
}

function channelRow(channel: PeerChannel): ChannelRow {
  const { peer, scheme, level, trusted, inbound, openedAt, lastReceivedAt, stats } = channel
  return {
    identifier: peer.identifier ?? null,
    address: peer.address,
    port: peer.port,
    scheme,
    connected: true,
    level: trustLevelName(level),
    trusted,
    inbound,
    since: openedAt,
    lastReceivedAt,
    ...stats,
  }
}

function knownRow({ identifier, addresses: [first], via, lastSeen }: Peer): KnownRow[] {
  if (first === undefined) return []
  const { host: address, port, scheme } = first
  const who = { identifier: identifier ?? null, address, port, scheme }
  return [{ ...who, connected: false, level: 'unknown', trusted: false, via, lastSeen }]
}
