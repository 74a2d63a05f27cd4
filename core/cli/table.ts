/**
 * Plain tables for people: columns and no lines.
 */
import Table from 'cli-table3'

const none = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
]
const lines = [...none, 'mid', 'mid-mid', 'right', 'right-mid']

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const chars = Object.fromEntries([...lines.map((line) => [line, '']), ['middle', '  ']]) as Record<string, string>
  const made = new Table({
    head: [...head],
    chars,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  made.push(...rows.map((row) => [...row]))
  return made.toString().replace(/ +$/gm, '')
}
