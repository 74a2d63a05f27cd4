/**
 * Strings as System.Text.Json writes them with its default encoder: everything outside ASCII, controls, `"` `&` `'` `+`
 * `<` `>` and the grave accent become \u and four hex digits in upper case, and five controls and the backslash have a short form.
 */
const special = /[^ !#-%(-*,-;=?-[\]^_a-~]/
const eachSpecial = /[\ud800-\udbff][\udc00-\udfff]|[^ !#-%(-*,-;=?-[\]^_a-~]/g

const short = new Map([
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\f', '\\f'],
  ['\r', '\\r'],
  ['\\', '\\\\'],
])

/** As a JSON string, in its quotes. Half a surrogate pair becomes U+FFFD, as it does there. */
export function quoted(text: string): string {
  return special.test(text) ? `"${text.replace(eachSpecial, escape)}"` : `"${text}"`
}

/** The same, or null for what is absent. */
export function quotedOrNull(text: string | undefined): string {
  return text === undefined ? 'null' : quoted(text)
}

function escape(found: string): string {
  if (found.length === 2) return unit(found.charCodeAt(0)) + unit(found.charCodeAt(1))
  const code = found.charCodeAt(0)
  return short.get(found) ?? unit(code >= 0xd800 && code <= 0xdfff ? 0xfffd : code)
}

function unit(code: number): string {
  return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`
}

const unsafe = /[<>&'\u007f-\uffff]/g

/** JSON of ours, for a field that the original skips: ASCII only, and nothing in it looks like a tag. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value).replace(unsafe, (found) => unit(found.charCodeAt(0)))
}
