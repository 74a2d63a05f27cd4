/**
 * The memory that peers can make a node hold, at most, by its limits. Node.js itself and what plugins keep for themselves
 * come on top.
 */
import { refusalsAtOnce } from '../peers/doorway.ts'
import { reusedBytes } from '../peers/room.ts'
import type { NodeSettings } from '../settings.ts'
import { offenders } from '../trust/bans.ts'
import { decisions } from '../trust/ledger.ts'

export interface WorstCase {
  readonly worstCaseBytes: number | 'unlimited'
  readonly formula: string
}

/** A socket with what it has read and not handed over, and the two records of TLS. */
const socketBytes = 131_072
/** TLS in its handshake: certificates of up to 100 KiB, which OpenSSL takes before anybody can look. */
const handshakeBytes = 131_072
/** Known at eight addresses. */
export const peerBytes = 7168
export const decisionBytes = 1024
export const banBytes = 512

export function worstCase({ limits }: NodeSettings): WorstCase {
  const { maxConnections, maxInbound, maxOutbound, pendingHandshakes, knownPeers } = limits
  const { outQueueBytes, windowBytes, frameBytes, frameBytesBeforeTrust } = limits
  const connections = Math.min(maxConnections, maxInbound + maxOutbound)
  const handshakes = Math.min(pendingHandshakes, maxInbound, connections)
  const bytes =
    connections * (outQueueBytes + windowBytes + 2 * frameBytes + socketBytes) +
    handshakes * (handshakeBytes + 2 * Math.min(frameBytesBeforeTrust, frameBytes)) +
    refusalsAtOnce * socketBytes +
    knownPeers * peerBytes +
    decisions * decisionBytes +
    offenders * banBytes +
    reusedBytes
  return {
    worstCaseBytes: Number.isFinite(bytes) ? bytes : 'unlimited',
    formula:
      'connections × (outQueueBytes + windowBytes + 2 × frameBytes + 128 KiB): a full queue to every peer, bulk in flight, ' +
      'a frame being received and one being handled, and the socket; ' +
      'pendingHandshakes × (128 KiB + 2 × frameBytesBeforeTrust): TLS, and what came early; ' +
      `${String(refusalsAtOnce)} who are told that they are refused × 128 KiB; knownPeers × 7 KiB; ` +
      `${String(decisions)} decisions × 1 KiB; ${String(offenders)} addresses that misbehaved × 512 B; ${String(reusedBytes / 1024)} KiB to read into`,
  }
}
