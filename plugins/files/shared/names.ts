/**
 * Which names a file may have. A name comes from a peer and may end up on any operating system, so one policy holds for
 * all managers: one plain component, in Unicode NFC, that means the same everywhere.
 */
import { fileError } from './file-errors.ts'

/** Bytes of UTF-8: what ext4, APFS and NTFS all take. */
export const nameBytes = 255

// Windows opens a device for these, whatever the extension; the superscript digits count as digits.
const device = /^(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])$/i
const separator = /[/\\]/
// Controls, line and paragraph separators, halves of surrogate pairs, noncharacters.
const control = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Noncharacter_Code_Point}]/u
// They turn the rest of the line round, so that `gpj.exe` reads as `exe.jpg`.
const bidirectional = /\p{Bidi_Control}/u
const invisible = /\p{Default_Ignorable_Code_Point}/gu

const rules: readonly (readonly [broken: (name: string) => boolean, why: string])[] = [
  [(name) => name === '', 'is empty'],
  [(name) => control.test(name), 'holds a control character or a broken one'],
  [(name) => bidirectional.test(name), 'holds a character that reverses text'],
  [(name) => separator.test(name), 'holds a path separator'],
  [(name) => /^[.\s]/u.test(name), 'begins with a dot or a space'],
  [(name) => /[.\s]$/u.test(name), 'ends with a dot or a space'],
  [(name) => collisionKey(name) === '', 'holds nothing that can be seen'],
  [(name) => device.test((name.split('.', 1)[0] ?? '').trimEnd()), 'is a device on Windows'],
  [(name) => Buffer.byteLength(name) > nameBytes, `is longer than ${String(nameBytes)} bytes`],
]

/**
 * The name as it is stored: in NFC.
 * @param forbidden Characters that the store cannot keep besides.
 * @throws P2PNetError E_FILE_NAME
 */
export function checkName(name: unknown, forbidden?: RegExp): string {
  if (typeof name !== 'string') throw fileError('E_FILE_NAME', `a file name must be a string, not ${typeof name}`)
  // Before anything else looks at it: a name of a megabyte is not worth a normalisation.
  const stored = name.length > nameBytes ? name : name.normalize('NFC')
  const broken = name.length > nameBytes ? rules.at(-1) : rules.find(([isBroken]) => isBroken(stored))
  const why =
    broken?.[1] ?? (forbidden?.test(stored) === true ? 'holds a character that this store cannot keep' : undefined)
  if (why === undefined) return stored
  throw fileError('E_FILE_NAME', `the name ${JSON.stringify(name.slice(0, 64))} ${why}`)
}

/**
 * What two names must not share: case-folded NFC without invisible characters. Upper case first, because only that way
 * ß meets SS, and the two lower-case sigmas each other.
 */
export function collisionKey(name: string): string {
  return name.normalize('NFC').replace(invisible, '').toUpperCase().toLowerCase().normalize('NFC')
}

/** `photo.jpg` with the mark `2` is `photo (2).jpg`, cut so that it stays within the limit. */
export function markedName(name: string, mark: string): string {
  const dot = name.lastIndexOf('.')
  // What is long behind the dot is no extension.
  const extension = dot > 0 && name.length - dot <= 16 ? name.slice(dot) : ''
  const tail = ` (${mark})${extension}`
  let stem = name.slice(0, name.length - extension.length)
  while (Buffer.byteLength(stem + tail) > nameBytes) stem = stem.replace(/.$/su, '')
  return stem.trimEnd() + tail
}
