/**
 * JSON that a peer wrote, as an object: not too deep, and nothing in it that means more than it says.
 */
import { invalid } from './invalid.ts'
import { nestsDeeper } from './json-depth.ts'

/**
 * `what` is named when it is refused; it may nest as deep as `depth`, and the wire may have put it in `around` brackets.
 * @throws P2PNetError E_FRAME_INVALID
 */
export function parseObject(json: string, what: string, depth: number, around = 0): Record<string, unknown> {
  if (nestsDeeper(json, depth + around)) throw invalid(`${what} nests deeper than ${String(depth)}`)
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw invalid(`${what} is no JSON`, error)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`${what} is no JSON object`)
  if (Object.hasOwn(value, '__proto__')) throw invalid(`${what} has a field named __proto__`)
  return value as Record<string, unknown>
}
