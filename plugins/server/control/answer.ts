/**
 * One line in, one line out: reads a request, has the verb run, and puts into JSON what came of it. Never throws. Whoever
 * asks with `news` gets lines on the way, too.
 */
import { asP2PNetError, isP2PNetError, messageOf, type ErrorReport } from '../../../core/index.ts'
import { controlError } from './control-errors.ts'
import type { VerbTable } from './verb-table.ts'

/** Of a request: what the asker tells it by. */
export type RequestId = string | number | null

interface Request {
  readonly id: RequestId
  readonly verb: string
  readonly args: Readonly<Record<string, unknown>>
  /** It wants to know how it goes. */
  readonly news: boolean
}

/** Any number of these before the answer. */
export interface News {
  readonly id: RequestId
  readonly news: unknown
}

export type Answer =
  | { readonly id: RequestId; readonly ok: true; readonly result: unknown }
  | { readonly id: RequestId; readonly ok: false; readonly error: ErrorReport }

/** Characters of an error's message, which may quote what others said. */
const longestMessage = 1000

/**
 * `unexpected` is told what nobody has foreseen, for the log; the asker gets its message alone. `say` takes lines of news,
 * until there is an answer.
 */
export async function answerTo(
  line: string,
  verbs: VerbTable,
  signal: AbortSignal,
  unexpected: (error: unknown) => void,
  say: (line: string) => void,
): Promise<string> {
  let id: RequestId = null
  let over = false
  try {
    const value: unknown = parse(line)
    id = idOf(value)
    const { verb, args, news: wanted } = checked(value, id)
    const tell = (news: unknown) => {
      if (wanted && !over) say(asLine({ id, news }))
    }
    const result = (await verbs.run(verb, args, signal, tell)) ?? null
    return asLine({ id, ok: true, result })
  } catch (error) {
    if (!isP2PNetError(error)) unexpected(error)
    return refusalOf(error, id)
  } finally {
    over = true
  }
}

export function refusalOf(thrown: unknown, id: RequestId = null): string {
  const { code, message, remedy } = asP2PNetError(thrown, 'E_UNEXPECTED')
  return asLine({ id, ok: false, error: { code, message: message.slice(0, longestMessage), remedy } })
}

const asLine = (answer: Answer | News) => `${JSON.stringify(answer)}\n`

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw controlError('E_CONTROL_REQUEST', `this is no JSON: ${messageOf(error)}`)
  }
}

function idOf(value: unknown): RequestId {
  const { id } = (value ?? {}) as { readonly id?: unknown }
  return (typeof id === 'string' && id.length <= 64) || typeof id === 'number' ? id : null
}

function checked(value: unknown, id: RequestId): Request {
  if (!isRecord(value)) throw controlError('E_CONTROL_REQUEST', 'a request is a JSON object')
  const { verb, args = {}, news = false, ...others } = value
  const [unknown] = Object.keys(others).filter((key) => key !== 'id')
  if (unknown !== undefined)
    throw controlError('E_CONTROL_REQUEST', `a request has no ${JSON.stringify(unknown.slice(0, 64))}`)
  if (id === null && value.id != null)
    throw controlError('E_CONTROL_REQUEST', 'id is a number, or a string of 64 characters at most')
  if (typeof verb !== 'string') throw controlError('E_CONTROL_REQUEST', 'verb is missing, or is no string')
  if (!isRecord(args)) throw controlError('E_CONTROL_REQUEST', 'args is no object')
  if (typeof news !== 'boolean') throw controlError('E_CONTROL_REQUEST', 'news is no boolean')
  return { id, verb, args, news }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
