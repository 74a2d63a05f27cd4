/**
 * A node in the words of DNS-SD (RFC 6763): an instance of `_p2pnet._tcp`, whose SRV record has the port and whose TXT
 * record has `id` (the identifier), `v` (1) and `net` (the name of the network).
 */
import { createHash } from 'node:crypto'
import type { Answer, SrvAnswer, StringAnswer, TxtAnswer } from 'dns-packet'

export const service = '_p2pnet._tcp.local'
/** What browsers ask who want to know which kinds of service there are. */
const allServices = '_services._dns-sd._udp.local'

/** Of the TXT record's keys and what they mean. */
export const version = '1'

/** Seconds (RFC 6762, 10): longer for what names no host. */
const ttl = { shared: 4500, unique: 120 }

/** Bytes of one string of a TXT record (RFC 1035, 3.3.14). */
const longestString = 255

export interface Self {
  readonly identifier: string
  /** Name of the network. */
  readonly network: string
  /** Where it listens, as seen from the link. */
  readonly address: string
  readonly port: number
}

/** `flush`: there is no other record of this name and type. */
export type OwnRecord = StringAnswer | SrvAnswer | TxtAnswer

/** All records of a node on a link. Undefined if the name of its network does not fit into one. */
export function recordsOf({ identifier, network, address, port }: Self): OwnRecord[] | undefined {
  const instance = `${labelOf(identifier)}.${service}`
  // A name of its own: the machine's name is not the node's to tell, and may be another responder's to answer for.
  const host = `p2pnet-${digest(identifier).slice(0, 16)}.local`
  const txt = [`id=${identifier}`, `v=${version}`, `net=${network}`]
  if (!fits(txt[2] ?? '')) return undefined
  return [
    { type: 'PTR', name: service, ttl: ttl.shared, data: instance },
    { type: 'PTR', name: allServices, ttl: ttl.shared, data: service },
    { type: 'SRV', name: instance, ttl: ttl.unique, flush: true, data: { port, target: host } },
    { type: 'TXT', name: instance, ttl: ttl.unique, flush: true, data: txt.filter(fits) },
    { type: 'A', name: host, ttl: ttl.unique, flush: true, data: address },
  ]
}

/** The name of the instance, without that of the service. One label of 63 bytes at most, without dots. */
export function labelOf(identifier: string): string {
  return /^[\w-]{1,63}$/.test(identifier) ? identifier : digest(identifier)
}

/** Those of `records` that a question asks for, and nobody says to know already. */
export function answersTo(
  records: readonly OwnRecord[],
  questions: readonly { readonly name: string; readonly type: string }[],
  known: readonly Answer[],
): OwnRecord[] {
  return records.filter(
    (record) =>
      questions.some(({ name, type }) => sameName(name, record.name) && (type === 'ANY' || type === record.type)) &&
      !known.some((other) => isKnown(record, other)),
  )
}

/** Names are compared without regard to case (RFC 6762, 16). */
export const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** Known-answer suppression (RFC 6762, 7.1) of what is shared. */
function isKnown(record: OwnRecord, other: Answer): boolean {
  if (record.type !== 'PTR' || other.type !== 'PTR') return false
  const { name, data, ttl: left = 0 } = other
  return sameName(name, record.name) && sameName(data, record.data) && left >= ttl.shared / 2
}

const fits = (text: string): boolean => Buffer.byteLength(text) <= longestString

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 40)
