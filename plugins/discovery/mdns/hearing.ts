/**
 * From a message to candidates. Anybody on the link can send one, so length, source and rate are looked at before it is
 * parsed, and how many records it claims before they are read. What comes out is hearsay.
 */
import { isIPv4 } from 'node:net'
import { decode, type Answer, type DecodedPacket, type SrvAnswer, type StringAnswer, type TxtAnswer } from 'dns-packet'
import type { Candidate, PluginContext } from '../../../core/index.ts'
import { isOnLink, type Link4 } from '../shared/links.ts'
import { SourceLimit, type Rate } from '../shared/source-limit.ts'
import { mdnsPort } from './multicast.ts'
import { labelOf, sameName, service, version } from './records.ts'

export interface Source {
  readonly address: string
  readonly port: number
}

/** A message that tells of some nodes fits into one packet of the link. */
const longestMessage = 1500
/** Records of a message; reading them costs more than their number. */
const mostRecords = 64
/** Of other nodes, in one message. */
const mostInstances = 16
/** Of a message: its head has the numbers of its records (RFC 1035, 4.1.1). */
const headBytes = 12

export class Hearing {
  readonly #ctx: PluginContext
  readonly #link: Link4
  readonly #rate: SourceLimit

  constructor(ctx: PluginContext, link: Link4, perSource: Rate) {
    this.#ctx = ctx
    this.#link = link
    this.#rate = new SourceLimit(perSource)
  }

  /** What is worth looking at. A socket hears what others on this machine have joined, too: only the link's own counts. */
  read(message: Uint8Array, { address, port }: Source): DecodedPacket | undefined {
    if (message.byteLength > longestMessage || message.byteLength < headBytes) return undefined
    if (port !== mdnsPort || !isOnLink(address, this.#link)) return undefined
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
    if ([4, 6, 8, 10].reduce((sum, at) => sum + bytes.readUInt16BE(at), 0) > mostRecords) return undefined
    if (!this.#rate.admits(address, this.#ctx.clock.now())) return undefined
    try {
      return decode(bytes)
    } catch {
      return undefined // who sent it is anybody's guess, so what is wrong with it is of no use to anyone
    }
  }

  /** The nodes of this network that a response tells of. */
  candidates(response: DecodedPacket, source: Source): Candidate[] {
    const records = [...(response.answers ?? []), ...(response.additionals ?? [])].filter(isLive)
    return records
      .filter((record): record is SrvAnswer => record.type === 'SRV' && isInstance(record.name))
      .slice(0, mostInstances)
      .flatMap((srv) => this.#candidateOf(srv, records, source) ?? [])
  }

  #candidateOf(srv: SrvAnswer, records: readonly Answer[], source: Source): Candidate | undefined {
    const { network } = this.#ctx
    const { port, target } = srv.data
    const found = records.find(
      (record): record is TxtAnswer => record.type === 'TXT' && sameName(record.name, srv.name),
    )
    if (found === undefined || port === 0) return undefined
    const txt = textOf(found)
    if (txt.get('v') !== version || txt.get('net') !== network.name) return undefined
    const identifier = txt.get('id')
    const isOwn = identifier === network.identifier || sameName(srv.name, `${labelOf(network.identifier)}.${service}`)
    if (isOwn || identifier === '' || (identifier?.length ?? 0) > 256) return undefined
    const scheme = network.listening[0]?.scheme
    return {
      host: this.#hostOf(target, records, source),
      port,
      via: 'discovery-mdns',
      ...(identifier !== undefined && { identifier }),
      ...(scheme !== undefined && { scheme }),
    }
  }

  /** Where it says to be, if that is on the link; else where it spoke from, which is. */
  #hostOf(target: string, records: readonly Answer[], source: Source): string {
    const said = records
      .filter((record): record is StringAnswer & { type: 'A' } => record.type === 'A' && sameName(record.name, target))
      .map(({ data }) => data)
      .filter((address) => isIPv4(address) && isOnLink(address, this.#link))
    return said.includes(source.address) ? source.address : (said[0] ?? source.address)
  }
}

const isLive = (record: Answer): boolean => ((record as { ttl?: number }).ttl ?? 0) > 0

const isInstance = (name: string): boolean => name.toLowerCase().endsWith(`.${service}`)

/** By key, in lower case; of a key that is there twice the first counts (RFC 6763, 6.4). */
function textOf({ data }: TxtAnswer): Map<string, string> {
  const text = new Map<string, string>()
  for (const item of [data].flat()) {
    const line = Buffer.from(item).toString('utf8')
    const at = line.indexOf('=')
    const key = line.slice(0, at).toLowerCase()
    if (at > 0 && !text.has(key)) text.set(key, line.slice(at + 1))
  }
  return text
}
