import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { readDocuments, root } from './markdown.ts'

/** A test that the table names: a file below test/ and the title. */
const named = /`([\w./-]+\.test\.ts)` “([^”]+)”/g
/** Where a title stands in a file: a string, or a template whose values may be anything. */
const written = /\b(?:it|test)\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g

describe('the table of the threat model', () => {
  let rows: string[][]

  before(async () => {
    const document = (await readDocuments()).find(({ file }) => file === 'docs/reference/threat-model.md')
    const lines = document?.prose ?? []
    const [, ...table] = lines.slice(lines.findIndex((line) => /^\| attack +\| defence /.test(line)))
    rows = table
      .slice(
        1,
        table.findIndex((line) => !line.startsWith('|')),
      )
      .map((line) =>
        line
          .split('|')
          .map((cell) => cell.trim())
          .slice(1, -1),
      )
  })

  it('names a defence, a test and a number for each attack', () => {
    expect(rows.length).to.be.above(20)
    for (const row of rows) {
      expect(row, row[0]).to.have.lengthOf(4)
      expect(
        row.every((cell) => cell !== ''),
        row[0],
      ).to.equal(true)
      expect([...row[2]!.matchAll(named)].length, row[0]).to.equal(row[2]!.split('; `').length)
    }
  })

  it('names only tests that there are', () => {
    const missing = rows.flatMap(([, , tests = '']) =>
      [...tests.matchAll(named)].filter(([, file = '', title = '']) => !isThere(file, title)).map(([words]) => words),
    )
    expect(missing).to.deep.equal([])
  })

  for (const [file, title, there] of [
    ['core/log.test.ts', 'has a line for each of a thousand hostile strings, and no line more', true],
    ['core/log.test.ts', 'has a line for each', false],
    ['core/no.test.ts', 'has a line for each of a thousand hostile strings, and no line more', false],
    [
      'plugins/identity/key/identity.test.ts',
      'does not start with E_KEY_MODE, says what to do, and leaves the file alone',
      true,
    ],
    [
      'plugins/identity/key/identity.test.ts',
      'does start with E_KEY_MODE, says what to do, and leaves the file alone',
      false,
    ],
  ] as const)
    it(`would be told of ${file} “${title}” that it is ${there ? '' : 'not '}there`, () => {
      expect(isThere(file, title)).to.equal(there)
    })
})

function isThere(file: string, title: string): boolean {
  const place = path.join(root, 'test', file)
  if (!existsSync(place)) return false
  return [...readFileSync(place, 'utf8').matchAll(written)].some(([, single, double, template]) =>
    template === undefined ? (single ?? double) === title : patternOf(template).test(title),
  )
}

/** Values of a template may be anything, and nothing; what stands between them counts. */
function patternOf(template: string): RegExp {
  const parts = template.split(/\$\{(?:[^{}`]|\$\{[^}]*\}|`[^`]*`|\{[^}]*\})*\}/)
  return new RegExp(`^${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`)
}
