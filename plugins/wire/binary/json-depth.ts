/**
 * How deep a JSON text nests, looked at before it is parsed: a parser that recurses, or code that walks what it made,
 * can be driven out of stack by a hundred kilobytes of brackets.
 */
const quote = 0x22
const backslash = 0x5c

/** Of the text from `start` to `end`. */
export function nestsDeeper(json: Buffer, start: number, end: number, limit: number): boolean {
  // So short a text cannot: every level takes two bytes.
  if (end - start <= 2 * limit) return false
  let depth = 0
  let inString = false
  for (let i = start; i < end; i++) {
    const byte = json[i]
    if (inString) {
      if (byte === backslash) i++
      else if (byte === quote) inString = false
      continue
    }
    if (byte === quote) inString = true
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > limit) return true
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return false
}
