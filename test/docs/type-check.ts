/**
 * Type-checks snippets against the sources: one program for all of them, with the repository's own compiler options.
 * Snippets are files that are not there, in folders of the repository, so that `p2pnet` means this very package.
 */
import path from 'node:path'
import ts from 'typescript'
import { root } from './markdown.ts'

export interface Snippet {
  /** Absolute; below the repository. */
  readonly path: string
  readonly text: string
  /** Where it stands, for people. */
  readonly where: string
}

/** What is wrong with them, a line for each. */
export function typeErrors(snippets: readonly Snippet[]): string[] {
  const texts = new Map(snippets.map(({ path: file, text }) => [file, text]))
  const folders = new Set(snippets.flatMap(({ path: file }) => above(file)))
  const options = compilerOptions()
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, directoryExists, getSourceFile } = host
  host.fileExists = (file) => texts.has(file) || fileExists(file)
  host.readFile = (file) => texts.get(file) ?? readFile(file)
  host.directoryExists = (folder) => folders.has(folder) || (directoryExists?.(folder) ?? false)
  host.getSourceFile = (file, how, ...rest) => {
    const text = texts.get(file)
    return text === undefined ? getSourceFile(file, how, ...rest) : ts.createSourceFile(file, text, how)
  }
  const program = ts.createProgram([...texts.keys()], options, host)
  return snippets.flatMap(({ path: file, where }) => {
    const source = program.getSourceFile(file)
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((problem) =>
      inWords(problem, where),
    )
  })
}

/** The snippet is a part of a program: it parses. */
export function syntaxErrors({ text, where }: Pick<Snippet, 'text' | 'where'>): string[] {
  const { diagnostics = [] } = ts.transpileModule(text, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2023 },
  })
  return diagnostics.map((problem) => inWords(problem, where))
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)) as {
    config: { compilerOptions: object }
  }
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  return { ...options, allowJs: true, checkJs: true, incremental: false, noEmit: true }
}

function above(file: string): string[] {
  const folder = path.dirname(file)
  return folder.length <= root.length ? [] : [folder, ...above(folder)]
}

function inWords({ messageText, file, start }: ts.Diagnostic, where: string): string {
  const line = file === undefined || start === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line
  return `${where} line ${String(line + 1)} of the block: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
}
