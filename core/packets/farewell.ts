/**
 * How a channel's end is told to the other side: a Disconnect packet whose `data` is `CODE: words`.
 */
import { P2PNetError } from '../errors.ts'
import type { DisconnectPacket } from './packet.ts'

/** As much as the packet's schema takes. */
const longest = 1024

/** `now`: milliseconds since 1970. */
export function farewell({ code, message }: P2PNetError, now: number): DisconnectPacket {
  return { type: 'Disconnect', timestamp: now, data: `${code}: ${message}`.slice(0, longest) }
}

/** The reason that somebody at this address gave. */
export function readFarewell(data: string | undefined, address: string): P2PNetError {
  const [, code = 'E_DISCONNECTED', words = data ?? 'no reason given'] =
    /^(E_[A-Z_]{1,60}): ([^]*)$/.exec(data ?? '') ?? []
  return new P2PNetError(code, `${address} closed the channel: ${words}`)
}
