/**
 * docs/reference/errors.md: the kernel's table, with its headings, and the codes that the built-ins declare.
 */
import { kernelErrors } from '../core/errors.ts'
import type { Loaded } from './build-plugins.ts'
import { code, generatedFrom, page, paragraph, sentence, table } from './build-markdown.ts'

/** @param source the text of core/errors.ts: its comments are the headings. */
export function errorsPage(source: string, builtIns: readonly Loaded[]): string {
  const own = builtIns.filter(({ plugin }) => Object.keys(plugin.errors ?? {}).length > 0)
  return page(
    '# Errors reference',
    generatedFrom('core/errors.ts and the `errors` of the built-in plugins'),
    paragraph(`
      Every error a user can meet is a \`P2PNetError\`: \`code\`, \`message\`, \`remedy\` and, where they apply,
      \`plugin\`, \`hook\`, \`path\` (a JSON pointer into the config) and \`cause\`. Tell errors apart by \`code\`, never by
      \`instanceof\`: two copies of p2pnet may be loaded in one process. \`isP2PNetError(value)\` says whether a value is one.
    `),
    paragraph(`
      The same codes stand in refusals: in \`network.decisions()\`, in the \`refused\` event, and in the reason that the
      other side of a channel is told. An error of \`PeerNetwork.create()\` holds everything that was found as \`errors\`.
    `),
    ...groups(source).flatMap(([heading, codes]) => [`## ${heading}`, codesTable(codes, kernelErrors)]),
    '## Codes of plugins',
    'A plugin declares its own with `errors: { E_X: remedy }`. Those of the built-ins:',
    ...own.flatMap(({ name, plugin }) => [
      `### ${name}`,
      codesTable(Object.keys(plugin.errors ?? {}), plugin.errors ?? {}),
    ]),
  )
}

function codesTable(codes: readonly string[], remedies: Readonly<Record<string, string>>): string {
  return table(
    ['code', 'what to do'],
    codes.map((name) => [code(name), sentence(remedies[name] ?? '')]),
  )
}

/** The codes under the comment that stands before them: `// the config`. */
function groups(source: string): [heading: string, codes: string[]][] {
  const [, body = ''] = /export const kernelErrors = \{\n([^]*?)\n\} as const/.exec(source) ?? []
  const found: [string, string[]][] = []
  for (const line of body.split('\n')) {
    const [, heading] = /^ {2}\/\/ (.*)$/.exec(line) ?? []
    const [, name] = /^ {2}(E_[A-Z_]+):/.exec(line) ?? []
    if (heading !== undefined) found.push([heading.charAt(0).toUpperCase() + heading.slice(1), []])
    if (name !== undefined) found.at(-1)?.[1].push(name)
  }
  const listed = found.flatMap(([, codes]) => codes)
  const missing = Object.keys(kernelErrors).filter((name) => !listed.includes(name))
  if (missing.length > 0)
    throw new Error(`core/errors.ts is laid out in a way that docs/build.ts does not read: ${missing.join(', ')}`)
  return found
}
