/**
 * A copy of what the user wrote, made before anything looks at it: defaults are filled into the copy, never into the
 * user's own objects. Functions, plugins and class instances stay what they are. A key `__proto__` is refused here, and
 * so is what has no end.
 */
import { isBranded } from '../host/define-plugin.ts'
import { pointerTo, type Finding } from './config-error.ts'

const deepest = 64

export function copyPlain(root: unknown): { readonly value: unknown; readonly findings: readonly Finding[] } {
  const findings: Finding[] = []
  const copies = new Map<object, unknown>()
  const above = new Set<object>()

  const copy = (value: unknown, path: string): unknown => {
    if (typeof value !== 'object' || value === null || isBranded(value)) return value
    if (above.has(value)) return void findings.push({ path, sentence: 'contains itself' })
    if (copies.has(value)) return copies.get(value) // an alias of YAML: copied once, however often it is named
    if (above.size === deepest)
      return void findings.push({ path, sentence: `is nested more than ${String(deepest)} deep` })
    above.add(value)
    const result = Array.isArray(value)
      ? value.map((item, i) => copy(item, pointerTo(path, i)))
      : copyObject(value, path)
    above.delete(value)
    copies.set(value, result)
    return result
  }

  const copyObject = (value: object, path: string): unknown => {
    if (hasProtoKey(value)) findings.push({ path: pointerTo(path, '__proto__'), sentence: 'is not allowed as a key' })
    else if (!isPlain(value)) return value
    const entries = Object.entries(value).filter(([key, inner]) => key !== '__proto__' && inner !== undefined)
    return Object.fromEntries(entries.map(([key, inner]) => [key, copy(inner, pointerTo(path, key))]))
  }

  return { value: copy(root, ''), findings }
}

/** JSON and YAML make an own key of it; an object literal makes it the prototype, which then is not a class's. */
function hasProtoKey(value: object): boolean {
  if (Object.hasOwn(value, '__proto__')) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return typeof prototype === 'object' && prototype !== null && !Object.hasOwn(prototype, 'constructor')
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
