/**
 * Messages in the very spelling in which we and the original write them, from the one who wrote the message before:
 * nearly all there are. Only the text is parsed; what stands round it is compared.
 */
import type { PureMessagePacket } from '../../../core/index.ts'
import { quoted } from './text.ts'
import { readUtc } from './time.ts'

const before = '{"Message":"'
const after = '"}'

export class QuickMessages {
  #identifier: string | undefined
  /** What stands between the text and the time. */
  #between = ''

  /** Undefined: it has to be read in full. */
  read(body: string): PureMessagePacket | undefined {
    if (this.#identifier === undefined || !body.startsWith(before)) return undefined
    const end = body.indexOf('"', before.length)
    if (end === -1) return undefined
    const timeAt = end + this.#between.length
    // Not startsWith, which looks at a text of this length letter by letter.
    if (body.slice(end, timeAt) !== this.#between || !body.endsWith(after)) return undefined
    const time = readUtc(body, timeAt, body.length - after.length)
    if (time === undefined) return undefined
    const message = textIn(body.slice(before.length - 1, end + 1))
    if (message === undefined) return undefined
    return { type: 'PureMessage', message, sourceOriginIdentifier: this.#identifier, sourceOriginTime: time }
  }

  learn(identifier: string | undefined): void {
    if (identifier === undefined || identifier === this.#identifier) return
    this.#identifier = identifier
    this.#between = `","SourceOriginIdentifier":${quoted(identifier)},"SourceOriginTime":"`
  }
}

/** A copy, which keeps nothing of the chunk alive; undefined for what is no JSON, as where the quote was an escaped one. */
function textIn(json: string): string | undefined {
  try {
    return JSON.parse(json) as string
  } catch {
    return undefined // read in full, it fails in words that say more
  }
}
