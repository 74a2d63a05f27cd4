/**
 * What can go wrong with files, as codes with remedies. Every manager spreads `fileErrors` into its `errors`, so that
 * they all fail in the same words.
 */
import { isP2PNetError, messageOf, P2PNetError } from '../../../core/index.ts'

/** Codes and remedies of every file manager. */
export const fileErrors = {
  E_FILE_NOT_FOUND:
    'To send a file, give its path on this machine. Of stored ones ask list(); names are compared without regard to case.',
  E_FILE_NAME: 'Use a plain file name that every operating system takes: no path, no control characters, no device.',
  E_FILE_EXISTS: 'Choose another name, remove the old file, or set `duplicates` to rename or replace.',
  E_FILE_SIZE: 'Write exactly as many bytes as were declared, and no more than the store can hold in one file.',
  E_FILE_RANGE: 'Give `start` and `end` as whole numbers with start <= end; `end` is inclusive.',
  E_QUOTA: 'Remove files, raise `quota`, or make room on the disk.',
  E_HASH: 'The bytes are not the ones announced; get the file again from its source.',
  E_FILE_IO: 'The disk or the store failed; the cause says how.',
} as const satisfies Record<string, string>

export type FileErrorCode = keyof typeof fileErrors

/** An error of the table above. */
export function fileError(code: FileErrorCode, message: string, cause?: unknown): P2PNetError {
  return new P2PNetError(code, message, { remedy: fileErrors[code], ...(cause !== undefined && { cause }) })
}

const byErrno: Readonly<Record<string, FileErrorCode>> = {
  ENOSPC: 'E_QUOTA',
  EDQUOT: 'E_QUOTA',
  EFBIG: 'E_FILE_SIZE',
  EEXIST: 'E_FILE_EXISTS',
}

/** What a store threw, as a coded error: a full disk is E_QUOTA, what has no code of its own E_FILE_IO. */
export function asFileError(thrown: unknown, doing: string): P2PNetError {
  if (isP2PNetError(thrown)) return thrown
  return fileError(byErrno[errnoOf(thrown) ?? ''] ?? 'E_FILE_IO', `${doing}: ${messageOf(thrown)}`, thrown)
}

/** The operating system's code of an error, e.g. `ENOENT`. */
export function errnoOf(thrown: unknown): string | undefined {
  const code = thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined
  return typeof code === 'string' ? code : undefined
}
