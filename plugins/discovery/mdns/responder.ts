/**
 * A node on one link: announces itself, answers who asks for it, asks for others, and says goodbye (RFC 6762). What it
 * sends goes to all; an answer leaves once a second at most, however often it is asked for.
 */
import type { Socket } from 'node:dgram'
import { AUTHORITATIVE_ANSWER, encode, type DecodedPacket, type Packet } from 'dns-packet'
import { messageOf, sleep, type PluginContext, type Timer } from '../../../core/index.ts'
import type { Link4 } from '../shared/links.ts'
import { addressOn } from './address-on.ts'
import { group, mdnsPort } from './multicast.ts'
import { answersTo, recordsOf, service, type OwnRecord } from './records.ts'

/** What is new is said twice, in case the first is lost (RFC 6762, 8.3). In ms after the first. */
const secondMs = 1000
/** Between two answers, and how long one waits for others to answer at the same time (RFC 6762, 6). In ms. */
const quietMs = 1000
const answerDelayMs = { least: 20, spread: 100 }
/** Questions come further apart until they are steady (RFC 6762, 5.2). In ms. */
const firstGapMs = 1000
/** Bytes; a node's records have some 500. */
const longestMessage = 1400

export class Responder {
  readonly #ctx: PluginContext
  readonly #link: Link4
  readonly #socket: Socket
  readonly #browseMs: number
  /** What was announced last, and is therefore to be withdrawn. */
  #records: readonly OwnRecord[] = []
  #answering: Timer | undefined
  #asked = new Set<OwnRecord>()
  #answeredAt = -Infinity
  #round = new AbortController()

  constructor(ctx: PluginContext, link: Link4, socket: Socket, browseMs: number) {
    this.#ctx = ctx
    this.#link = link
    this.#socket = socket
    this.#browseMs = browseMs
  }

  /** Begins anew: there is something to say that was not said before, or nothing any more. */
  async begin(): Promise<void> {
    this.#round.abort()
    this.#round = new AbortController()
    const round = AbortSignal.any([this.#round.signal, this.#ctx.signal])
    const records = this.#ownRecords()
    const instance = (of: readonly OwnRecord[]) => of[0]?.data
    if (instance(records) !== instance(this.#records)) await this.withdraw()
    if (round.aborted) return
    this.#records = records
    for (const work of [this.#announce(round), this.#browse(round)])
      work.catch((error: unknown) => {
        if (!round.aborted) this.#ctx.log.error('mDNS ended', { error: messageOf(error) })
      })
  }

  /** Somebody asks; the answer is for all. */
  hear({ questions = [], answers = [] }: DecodedPacket): void {
    for (const record of answersTo(this.#records, questions, answers)) this.#asked.add(record)
    if (this.#asked.size === 0 || this.#answering !== undefined) return
    const { clock, random } = this.#ctx
    const delay = answerDelayMs.least + answerDelayMs.spread * random.next()
    this.#answering = clock.setTimeout(
      () => {
        this.#answering = undefined
        this.#answer()
      },
      Math.max(delay, this.#answeredAt + quietMs - clock.now()),
    )
  }

  /** Tells the others to forget this node. Resolves once that has left. */
  async withdraw(): Promise<void> {
    const gone = this.#records.filter(({ type, name }) => type !== 'PTR' || name === service)
    this.#records = []
    this.#asked.clear()
    if (gone.length > 0) await this.#send(response(gone.map((record) => ({ ...record, ttl: 0 }))))
  }

  /** No further announcement or question. */
  end(): void {
    this.#round.abort()
    this.#ctx.clock.clear(this.#answering)
  }

  /** The link is gone, so there is nobody to say goodbye to. */
  close(): void {
    this.end()
    this.#socket.close()
  }

  /** None if there is nothing that somebody on the link could dial. */
  #ownRecords(): readonly OwnRecord[] {
    const { network, log } = this.#ctx
    const [listening] = network.listening
    const address = listening && addressOn(this.#link, listening.host)
    if (listening === undefined || address === undefined || network.identifier === '') return []
    const self = { identifier: network.identifier, network: network.name, address, port: listening.port }
    const records = recordsOf(self)
    if (records === undefined) log.warn('the name of the network is too long for DNS-SD, so this node is not shown')
    return records ?? []
  }

  async #announce(round: AbortSignal): Promise<void> {
    if (this.#records.length === 0) return
    await this.#send(response(this.#records))
    await sleep(this.#ctx.clock, secondMs, round)
    await this.#send(response(this.#records))
  }

  async #browse(round: AbortSignal): Promise<void> {
    // Every message comes back to its sender: who knows itself does not answer itself.
    const known = this.#records.filter(({ type, name }) => type === 'PTR' && name === service)
    const question: Packet = { type: 'query', questions: [{ type: 'PTR', name: service }], answers: known }
    for (let gap = firstGapMs; ; gap = Math.min(gap * 2, this.#browseMs)) {
      await this.#send(question)
      await sleep(this.#ctx.clock, gap * (0.8 + 0.4 * this.#ctx.random.next()), round)
    }
  }

  #answer(): void {
    this.#answeredAt = this.#ctx.clock.now()
    const answers = this.#records.filter((record) => this.#asked.has(record))
    const additionals = this.#records.filter((record) => record.type !== 'PTR' && !this.#asked.has(record))
    this.#asked.clear()
    if (answers.length > 0) void this.#send(response(answers, additionals))
  }

  /** Never rejects: what cannot be said now is said again. */
  #send(packet: Packet): Promise<void> {
    return new Promise((resolve) => {
      const done = (error: Error | null) => {
        if (error) this.#ctx.log.debug('mDNS cannot send', { interface: this.#link.name, error: messageOf(error) })
        resolve()
      }
      try {
        const bytes = encode(packet)
        if (bytes.byteLength > longestMessage) done(new Error(`a message of ${String(bytes.byteLength)} bytes`))
        else this.#socket.send(bytes, mdnsPort, group, done)
      } catch (error) {
        done(error as Error)
      }
    })
  }
}

const response = (answers: readonly OwnRecord[], additionals: readonly OwnRecord[] = []): Packet => ({
  type: 'response',
  flags: AUTHORITATIVE_ANSWER,
  answers: [...answers],
  additionals: [...additionals],
})
