// The code in README and guides is right: it type-checks, its configs compose, its commands are there.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { run } from '../../core/cli/run.ts'
import { compose } from '../../core/config/compose.ts'
import { Scratch } from '../support/scratch.ts'
import { codeWords, isGuide, readDocuments, root, type Block, type Document } from './markdown.ts'
import { syntaxErrors, typeErrors, type Snippet } from './type-check.ts'

const isCode = ({ language }: Block) => ['ts', 'js'].includes(language)
const isConfig = ({ info }: Block) => info === 'config' || info.startsWith('p2pnet.config.')
const whereOf = ({ file, line }: Block) => `${file}:${String(line)}`
const fileOf = ({ info, line, language }: Block) =>
  /\.[a-z]+$/.test(info) ? info : `block-${String(line)}.${language === 'js' ? 'mjs' : language}`

describe('the code in README and guides', function () {
  this.timeout(60_000) // on a busy machine; a few seconds otherwise
  let documents: Document[]
  let blocks: Block[]

  before(async () => {
    documents = (await readDocuments()).filter(isGuide)
    blocks = documents.flatMap((document) => document.blocks)
  })

  it('type-checks', () => {
    const whole = blocks.filter((block) => isCode(block) && block.info !== 'fragment')
    const snippets = whole.map((block): Snippet => {
      const folder = path.join(root, 'docs', '.snippets', block.file.replaceAll('/', '-'))
      return { path: path.join(folder, fileOf(block)), text: block.text, where: whereOf(block) }
    })
    expect(snippets.length).to.be.at.least(10)
    expect(typeErrors(snippets)).to.deep.equal([])
  })

  it('parses, where it is a part of a program', () => {
    const fragments = blocks.filter((block) => isCode(block) && block.info === 'fragment')
    expect(fragments.flatMap((block) => syntaxErrors({ text: block.text, where: whereOf(block) }))).to.deep.equal([])
  })

  it('composes, where it is a config', async () => {
    for (const document of documents) {
      const configs = document.blocks.filter(isConfig)
      const scratch = await Scratch.make(await filesOf(document))
      try {
        for (const block of configs) {
          const name = block.info === 'config' ? `config-${String(block.line)}.${block.language}` : block.info
          await scratch.write({ [name]: block.text })
          await compose(name, { cwd: scratch.path }).catch((error: unknown) => {
            throw new Error(`${whereOf(block)}: ${String(error)}`)
          })
        }
      } finally {
        await scratch.remove()
      }
    }
  })

  it('calls commands that there are, with flags that they have', async () => {
    const lines = [
      ...blocks.filter(({ language }) => language === 'sh').flatMap(({ text }) => text.split('\n')),
      ...documents.flatMap(codeWords),
    ].map((line) => line.replace(/#.*$/, '').trim())
    const calls = lines.flatMap((line) =>
      [...line.matchAll(/(?:^| )p2pnet ([^&|;]+)/g)].map(([, words = '']) => words.trim()),
    )
    expect(calls.length).to.be.at.least(10)
    for (const call of new Set(calls)) {
      const words = call.split(/\s+/)
      const [name, sub] = words.filter((word) => /^[a-z]/.test(word))
      // The second may be a command of the first, or its argument, for which help is the same.
      const help = await helpOf([name, sub].filter((word) => word !== undefined))
      for (const flag of words.filter((word) => word.startsWith('--')))
        expect(help, `p2pnet ${call}`).to.contain(flag.split('=')[0])
    }
  })

  it('runs scripts of the package that there are', async () => {
    const { scripts } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const text = [
      ...blocks.filter(({ language }) => language === 'sh').map((block) => block.text),
      ...documents.flatMap(codeWords),
    ].join('\n')
    for (const [, name = ''] of text.matchAll(/npm run (?:-\S+ )*([\w:]+)/g)) expect(scripts).to.have.property(name)
  })
})

/** What a document's configs name by path: its own files, and those that README shows. */
async function filesOf({ blocks, file }: Document): Promise<Record<string, string>> {
  const shown =
    file === 'README.md' ? [] : ((await readDocuments()).find((other) => other.file === 'README.md')?.blocks ?? [])
  return Object.fromEntries(
    [...shown, ...blocks].filter(({ info }) => info.includes('/')).map(({ info, text }) => [info, text]),
  )
}

/** @throws AssertionError if there is no such command */
async function helpOf(words: readonly string[]): Promise<string> {
  let said = ''
  const say = (text: string) => void (said += text)
  const shell = {
    cwd: root,
    env: {},
    write: say,
    complain: say,
    exitCode: 0,
    onInterrupt: () => undefined,
    onCrash: () => undefined,
  }
  expect(await run([...words, '--help'], shell), `p2pnet ${words.join(' ')}: ${said}`).to.equal(0)
  return said
}
