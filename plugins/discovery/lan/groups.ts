/** Multicast groups by what the config says: one of either family, or one alone and the default beside it. */
import { isIPv4 } from 'node:net'
import type { Groups } from './sockets.ts'

/**
 * IPv4: of the local scope (RFC 2365), which no router hands on. IPv6: link-local scope, transient, as groups are that
 * nobody has assigned (RFC 4291, 2.7).
 */
export const defaultGroups: Groups = { ipv4: '239.255.80.50', ipv6: 'ff12::5032' }

export function groupsOf(group: string | Partial<Groups> = {}): Groups {
  if (typeof group !== 'string') return { ...defaultGroups, ...group }
  return isIPv4(group) ? { ...defaultGroups, ipv4: group } : { ...defaultGroups, ipv6: group }
}
