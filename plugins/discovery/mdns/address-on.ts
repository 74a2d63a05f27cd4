/** What a node shows of itself on a link: the address at which somebody there reaches it. */
import { isLoopback, isOnLink, type Link4 } from '../shared/links.ts'

/** Undefined: what listens on `host` is not reached from this link. */
export function addressOn(link: Link4, host: string): string | undefined {
  if (host === '0.0.0.0' || host === '::' || (host === 'localhost' && isLoopback(link.address))) return link.address
  return isOnLink(host, link) ? host : undefined
}
