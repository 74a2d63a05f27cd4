/** The documents of the repository as the tests of docs see them: their blocks of code, headings and links. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Block {
  /** The document, relative to the repository. */
  readonly file: string
  /** Of its first line, counted from 1. */
  readonly line: number
  readonly language: string
  /** What stands behind the language: `config`, `fragment`, the name of a file, or nothing. */
  readonly info: string
  readonly text: string
}

export interface Document {
  /** Relative to the repository. */
  readonly file: string
  readonly blocks: readonly Block[]
  /** Everything else, line by line; the lines of blocks are empty. */
  readonly prose: readonly string[]
}

export async function readDocuments(): Promise<Document[]> {
  const files = (await readdir(path.join(root, 'docs'), { recursive: true })).filter((file) => file.endsWith('.md'))
  const paths = ['README.md', ...files.map((file) => `docs/${file.replaceAll('\\', '/')}`).sort()]
  return Promise.all(paths.map(async (file) => parse(file, await readFile(path.join(root, file), 'utf8'))))
}

/** Written by hand and to be followed step by step. */
export const isGuide = ({ file }: { readonly file: string }) => file === 'README.md' || file.startsWith('docs/guide/')

function parse(file: string, text: string): Document {
  const blocks: Block[] = []
  const prose: string[] = []
  let open: { marks: string; line: number; language: string; info: string; lines: string[] } | undefined
  for (const [i, line] of text.split('\n').entries()) {
    const [, marks = '', language = '', info = ''] = /^(`{3,})(\w*) ?(.*)$/.exec(line) ?? []
    if (open === undefined) {
      prose.push(marks === '' ? line : '')
      if (marks !== '') open = { marks, line: i + 2, language, info, lines: [] }
      continue
    }
    prose.push('')
    if (line !== open.marks) open.lines.push(line)
    else {
      blocks.push({
        file,
        line: open.line,
        language: open.language,
        info: open.info,
        text: `${open.lines.join('\n')}\n`,
      })
      open = undefined
    }
  }
  if (open !== undefined) throw new Error(`${file}:${String(open.line)}: this block of code has no end`)
  return { file, blocks, prose }
}

/** Anchors of the headings, as code hosts make them. */
export function anchorsOf({ prose }: Document): Set<string> {
  const anchors = new Set<string>()
  for (const line of prose) {
    const [, title] = /^#{1,6} (.*)$/.exec(line) ?? []
    if (title === undefined) continue
    const slug = title
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    let anchor = slug
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${String(n)}`
    anchors.add(anchor)
  }
  return anchors
}

export interface Link {
  readonly line: number
  readonly target: string
}

export function linksOf({ prose }: Document): Link[] {
  return prose.flatMap((line, i) =>
    [...line.replace(/`[^`]*`(?!\])/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({
      line: i + 1,
      target,
    })),
  )
}

/** What stands between backticks in the text. */
export function codeWords({ prose }: Document): string[] {
  return prose.flatMap((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word))
}
