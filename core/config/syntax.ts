/**
 * Where a config does not parse: the line, from whichever parser found it, and the words.
 */
import path from 'node:path'
import { messageOf, P2PNetError } from '../errors.ts'

interface Mark {
  readonly line: number
  readonly column: number
}

/** JSON text, without the byte order mark that some editors put before it. @throws P2PNetError E_CONFIG_SYNTAX */
export function parseJson(text: string, where: string): unknown {
  const json = text.replace(/^\uFEFF/, '')
  try {
    return JSON.parse(json) as unknown
  } catch (error) {
    const words = messageOf(error).replace(/ in JSON at position \d+.*$/s, '')
    const at = /position (\d+)/.exec(messageOf(error))?.[1]
    throw syntaxError(where, words, markAt(json, at === undefined ? json.trimEnd().length : Number(at)), error)
  }
}

/** What js-yaml threw. */
export function yamlError(error: unknown, where: string): P2PNetError {
  const { reason, mark } = error as { reason?: string; mark?: Mark }
  return syntaxError(where, reason ?? messageOf(error), mark && { line: mark.line + 1, column: mark.column + 1 }, error)
}

/** What was thrown while a module was loaded: it does not parse, or it threw. */
export function moduleError(error: unknown, where: string, file: string): P2PNetError {
  const [, words, place = '', line, column] =
    /^\w*Error: ([^]*?)\s*\n ([^\n]+):(\d+):(\d+)$/.exec(messageOf(error)) ?? []
  if (words !== undefined) {
    const culprit = path.normalize(place) === file ? where : place
    return syntaxError(culprit, words, { line: Number(line), column: Number(column) }, error)
  }
  return new P2PNetError(
    'E_CONFIG_INVALID',
    `${where} threw while it was loaded: ${messageOf(error)}${lineIn(error, file)}`,
    {
      remedy: 'Mend the code of the config; the cause says where it threw.',
      cause: error,
    },
  )
}

/** ` (line 3)`, if the stack knows where in this file it was. */
export function lineIn(error: unknown, file: string): string {
  const frame = (error instanceof Error ? (error.stack ?? '') : '').split('\n').find((line) => line.includes(file))
  const line = frame === undefined ? undefined : /:(\d+)(?::\d+)?\)?$/.exec(frame)?.[1]
  return line === undefined ? '' : ` (line ${line})`
}

function syntaxError(where: string, words: string, mark: Mark | undefined, cause: unknown): P2PNetError {
  const place = mark === undefined ? '' : `:${String(mark.line)}:${String(mark.column)}`
  return new P2PNetError('E_CONFIG_SYNTAX', `${where}${place}: ${words}`, { cause })
}

function markAt(text: string, offset: number): Mark {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
