/**
 * What comes from a peer, made harmless to whoever reads it on a terminal.
 */

/** Control characters, line and paragraph separators, and what turns the direction of writing. */
const obeyed = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu
/** The same, in a line of JSON: what JSON itself leaves as it is. The line break at its end is no part of it. */
const obeyedInJson = /[\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g

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

/** Lines of JSON in which that is escaped too; they parse to the same. */
export function printableJson(json: string): string {
  return json.replace(obeyedInJson, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
