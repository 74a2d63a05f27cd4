/** Who was heard in an examination, each once by name and place. */
import type { IdentifierPacket } from '../../../../core/index.ts'
import type { Source } from '../voices.ts'
import type { HeardFacts } from './facts.ts'

/** Anybody can make up names, so not more than this many are listed. */
const most = 256

export class Witnesses {
  readonly #heard = new Map<string, HeardFacts>()
  readonly #unreadable = new Set<string>()
  readonly #ownIdentifier: string | undefined

  constructor(ownIdentifier: string | undefined) {
    this.#ownIdentifier = ownIdentifier
  }

  get heard(): HeardFacts[] {
    return [...this.#heard.values()]
  }

  get unreadable(): string[] {
    return [...this.#unreadable]
  }

  /** `now`: ms since 1970. */
  note(packet: IdentifierPacket, { address }: Source, answered: boolean, now: number): void {
    const { sourceOriginIdentifier: identifier, sourceOriginTime: time, data: port, network } = packet
    if (port === 0) return // a farewell, or somebody else's question
    const key = `${identifier ?? ''} ${address} ${String(port)}`
    const before = this.#heard.get(key)
    if (before === undefined && this.#heard.size >= most) return
    this.#heard.set(key, {
      ...(identifier !== undefined && { identifier }),
      address,
      port,
      ...(network !== undefined && { network }),
      answered: answered || before?.answered === true,
      ...(time !== undefined && { clockMs: Math.round(time - now) }),
      own: identifier !== undefined && identifier === this.#ownIdentifier,
    })
  }

  noteUnreadable({ address }: Source): void {
    if (this.#unreadable.size < most) this.#unreadable.add(address)
  }
}
