/**
 * How deep a JSON text nests, looked at before it is parsed: code that walks what a parser made of a hundred kilobytes
 * of brackets runs out of stack.
 */
export function nestsDeeper(json: string, limit: number): boolean {
  // So short a text cannot: every level takes two characters.
  if (json.length <= 2 * limit) return false
  // Most packets are flat, and the runtime finds a character faster than a loop here would.
  if (!json.includes('{', 1) && !json.includes('[')) return false
  let depth = 0
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i)
    if (code === 0x22) {
      i = endOfString(json, i)
      if (i === -1) return false // no JSON: the parser will say so
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > limit) return true
    } else if (code === 0x7d || code === 0x5d) depth--
  }
  return false
}

/** Index of the quote that ends the string which begins here, or -1. */
function endOfString(json: string, from: number): number {
  for (let at = json.indexOf('"', from + 1); at !== -1; at = json.indexOf('"', at + 1)) {
    let before = at - 1
    while (json.charCodeAt(before) === 0x5c) before--
    if ((at - before) % 2 === 1) return at
  }
  return -1
}
