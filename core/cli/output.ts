/**
 * How commands speak: JSON in whole lines for programs, words for people. What comes from a peer is made harmless to a
 * terminal.
 */
import { asP2PNetError, type P2PNetError } from '../errors.ts'
import type { Shell } from './shell.ts'

/** One line of JSON. What JSON leaves as it is and a terminal would obey is escaped too; it parses to the same. */
export function writeJson(shell: Shell, value: unknown): void {
  const text = JSON.stringify(value).replace(
    obeyed,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  shell.write(`${text}\n`)
}

/** Says what went wrong: as JSON on standard output, else in words on standard error. */
export function report(shell: Shell, thrown: unknown, json: boolean): void {
  const { errors } = (thrown ?? {}) as { errors?: readonly P2PNetError[] }
  const error = asP2PNetError(thrown, 'E_UNEXPECTED')
  if (json) {
    writeJson(shell, errors === undefined ? { error } : { error, errors })
    return
  }
  for (const { code, message, remedy } of errors ?? [error]) {
    shell.complain(`error ${code}: ${printable(message)}\n${remedy === '' ? '' : `  ${printable(remedy)}\n`}`)
  }
}

/** Control characters, line and paragraph separators, and what turns the direction of writing. */
const obeyed = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu

/**
 * Text without what a terminal would obey: control characters (line breaks of a sentence too), and those that turn the
 * direction of writing.
 */
export function printable(text: string): string {
  return text.replace(obeyed, (character) => {
    const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character]
    return known ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  })
}

/** 65536 → `64 KiB`. */
export function inBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1)
  const amount = bytes / 1024 ** power
  return `${amount >= 100 || Number.isInteger(amount) ? amount.toFixed(0) : amount.toFixed(1)} ${units[power] ?? ''}`
}
