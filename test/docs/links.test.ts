import { access, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { hookRules } from '../../core/hooks.ts'
import { anchorsOf, codeWords, linksOf, readDocuments, root, type Document } from './markdown.ts'

describe('the documents', () => {
  let documents: Document[]

  before(async () => {
    documents = await readDocuments()
  })

  it('link to what is there', async () => {
    const dead: string[] = []
    for (const document of documents)
      for (const { line, target } of linksOf(document))
        if (!/^[a-z]+:/.test(target) && !(await leads(document.file, target)))
          dead.push(`${document.file}:${String(line)}: ${target}`)
    expect(dead).to.deep.equal([])
  })

  it('name only error codes that the reference knows', async () => {
    const known = await readFile(path.join(root, 'docs/reference/errors.md'), 'utf8')
    const unknown = documents.flatMap(({ file, prose }) =>
      [...prose.join('\n').matchAll(/\bE_[A-Z_]*[A-Z]\b/g)]
        .filter(([code]) => code !== 'E_X' && !known.includes(`\`${code}\``))
        .map(([code]) => `${file}: ${code}`),
    )
    expect(unknown).to.deep.equal([])
  })

  it('name only hooks that there are', () => {
    const families = new Set(Object.keys(hookRules).map((name) => name.split('.')[0]))
    const unknown = documents.flatMap((document) =>
      codeWords(document)
        .filter(
          (word) =>
            /^[a-z]+\.[a-z]+$/.test(word) && families.has(word.split('.')[0]) && !Object.hasOwn(hookRules, word),
        )
        .map((word) => `${document.file}: ${word}`),
    )
    expect(unknown).to.deep.equal([])
  })

  async function leads(from: string, target: string): Promise<boolean> {
    const [place = '', anchor] = target.split('#')
    const file = place === '' ? from : path.posix.join(path.posix.dirname(from), place)
    const exists = await access(path.join(root, file)).then(
      () => true,
      () => false,
    )
    if (!exists || anchor === undefined) return exists
    const document = documents.find((other) => other.file === file)
    return document !== undefined && anchorsOf(document).has(anchor)
  }
})
