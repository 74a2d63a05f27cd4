/**
 * How commands speak: JSON in whole lines for programs, words for people. What comes from a peer is made harmless to a
 * terminal.
 */
import { asP2PNetError, type P2PNetError } from '../errors.ts'
import { printable, printableJson } from '../printable.ts'
import type { Shell } from './shell.ts'

/** One line of JSON. What JSON leaves as it is and a terminal would obey is escaped too; it parses to the same. */
export function writeJson(shell: Shell, value: unknown): void {
  shell.write(`${printableJson(JSON.stringify(value))}\n`)
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

/** 65536 → `64 KiB`. */
export function inBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1)
  const amount = bytes / 1024 ** power
  return `${amount >= 100 || Number.isInteger(amount) ? amount.toFixed(0) : amount.toFixed(1)} ${units[power] ?? ''}`
}
