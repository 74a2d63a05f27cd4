/**
 * Reads declarations and their comments out of the sources, through TypeScript's parser, for the parts of docs/build.ts.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = new URL('../', import.meta.url)

export async function parse(path: string): Promise<ts.SourceFile> {
  const file = fileURLToPath(new URL(path, root))
  return ts.createSourceFile(file, await readFile(file, 'utf8'), ts.ScriptTarget.Latest, true)
}

/** The text of the comment before a node, or of the line comment of its kind. */
export function commentOf(node: ts.Node): string {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
  return ts.getTextOfJSDocComment(docs.at(-1)?.comment) ?? ''
}

type Declaration = ts.InterfaceDeclaration | ts.TypeAliasDeclaration | ts.ClassDeclaration | ts.VariableStatement

/** The exported declarations of this name: a type and a value may share one. @throws Error if there is none. */
export function declarationsOf(source: ts.SourceFile, name: string): Declaration[] {
  const found = source.statements.filter((statement): statement is Declaration => {
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.some((one) => one.name.getText() === name)
    const isType =
      ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement) || ts.isClassDeclaration(statement)
    return isType && statement.name?.text === name
  })
  if (found.length === 0) throw new Error(`${source.fileName} declares no ${name}`)
  return found
}

/** A declaration as it would stand in a `.d.ts`, comments included. */
export function textOf(declaration: Declaration): string {
  const text = ts.isClassDeclaration(declaration) ? classText(declaration) : declaration.getFullText()
  return text
    .replace(/^\s*\n/, '')
    .replace(/^export (?:declare )?/m, '')
    .replace(/^( *)\/\/ eslint-.*\n/gm, '')
}

/** Public members without their bodies, up to the part that is the kernel's. */
function classText(declaration: ts.ClassDeclaration): string {
  const members: string[] = []
  for (const member of declaration.members) {
    const full = member.getFullText()
    if (/^\s*\/\/ For the kernel\.$/m.test(full.slice(0, member.getStart() - member.getFullStart()))) break
    if (isPublic(member)) members.push(signatureOf(member))
  }
  const [head = ''] = /^[^{]*\{/.exec(declaration.getText()) ?? []
  return `${leading(declaration)}${head}\n${members.join('\n')}\n}`
}

function isPublic(member: ts.ClassElement): boolean {
  if (ts.isConstructorDeclaration(member)) return false
  const { name } = member
  return name !== undefined && !ts.isPrivateIdentifier(name)
}

function signatureOf(member: ts.ClassElement): string {
  const doc = leading(member).trimEnd()
  return [...(doc === '' ? [] : [doc]), `  ${declared(member)}`].join('\n')
}

function declared(member: ts.ClassElement): string {
  const name = member.name?.getText() ?? ''
  const modifiers = (ts.canHaveModifiers(member) ? (ts.getModifiers(member) ?? []) : []).map((modifier) =>
    modifier.getText(),
  )
  const head = modifiers
    .filter((word) => word !== 'async')
    .map((word) => `${word} `)
    .join('')
  if (ts.isGetAccessor(member)) return `readonly ${name}: ${member.type?.getText() ?? 'unknown'}`
  if (!ts.isMethodDeclaration(member)) return member.getText().replace(/ = [^]*$/, '')
  const types =
    member.typeParameters === undefined ? '' : `<${member.typeParameters.map((one) => one.getText()).join(', ')}>`
  const parameters = member.parameters.map((one) => {
    const optional = one.questionToken !== undefined || one.initializer !== undefined
    return `${one.name.getText()}${optional ? '?' : ''}: ${one.type?.getText() ?? 'unknown'}`
  })
  return `${head}${name}${types}(${parameters.join(', ')}): ${member.type?.getText() ?? 'void'}`
}

/** The doc comment with its indentation, and nothing else that stands before. */
function leading(node: ts.Node): string {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
  const last = docs.at(-1)
  if (last === undefined) return ''
  const indent = ts.isClassElement(node) ? '  ' : ''
  return `${indent}${last.getText()}\n`
}
