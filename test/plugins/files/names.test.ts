import { expect } from 'chai'
import fc from 'fast-check'
import { checkName, collisionKey, nameBytes } from '../../../plugins/files/shared/index.ts'
import { markedName } from '../../../plugins/files/shared/names.ts'
import { badNames } from './bad-names.ts'

const goodNames = [
  'a',
  'report.pdf',
  'archive.tar.gz',
  'with space.txt',
  'two..dots',
  'Ünïcödé.txt',
  '文件.txt',
  '👨‍👩‍👧.jpg',
  'console',
  'com10',
  'a;b&c|d$(e)',
  '..%2fevil'.slice(2),
  '-rf',
  "it's",
  'a'.repeat(255),
  'constructor',
  '__proto__',
]

describe('the names of files', () => {
  for (const [what, name] of badNames)
    it(`are refused for ${what}`, () => {
      expect(() => checkName(name))
        .to.throw()
        .with.property('code', 'E_FILE_NAME')
    })

  for (const name of [undefined, null, 7, {}, ['a']])
    it(`are refused when they are no strings: ${JSON.stringify(name)}`, () => {
      expect(() => checkName(name))
        .to.throw()
        .with.property('code', 'E_FILE_NAME')
    })

  for (const name of goodNames)
    it(`stay as they are: ${JSON.stringify(name.slice(0, 20))}`, () => {
      expect(checkName(name)).to.equal(name)
    })

  it('are kept in NFC', () => {
    expect(checkName('e\u0301')).to.equal('\u00e9')
  })

  it('lose what a store cannot keep', () => {
    expect(() => checkName('a:b', /[:*?]/))
      .to.throw()
      .with.property('code', 'E_FILE_NAME')
    expect(checkName('a:b')).to.equal('a:b')
  })

  const pairs = [
    ['A.txt', 'a.TXT'],
    ['\u00e9', 'E\u0301'],
    ['straße', 'STRASSE'],
    ['ΟΔΟΣ', 'οδος'],
    ['\u212a', 'k'],
    ['ﬁle', 'FILE'],
    ['a\u200db', 'ab'],
  ]
  for (const [one, other] of pairs as [string, string][])
    it(`collide: ${one} and ${other}`, () => {
      expect(collisionKey(one)).to.equal(collisionKey(other))
    })

  it('do not collide when they differ in more than case', () => {
    expect(collisionKey('a.txt')).not.to.equal(collisionKey('b.txt'))
  })

  it('survive the policy twice, and with a mark, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.constantFrom('2', '99', 'abcdef012345'),
        (name, mark) => {
          let checked: string
          try {
            checked = checkName(name)
          } catch {
            return
          }
          expect(checkName(checked)).to.equal(checked)
          expect(Buffer.byteLength(checked)).to.be.at.most(nameBytes)
          const marked = markedName(checked, mark)
          expect(checkName(marked).normalize('NFC')).to.equal(marked.normalize('NFC'))
          expect(collisionKey(marked)).not.to.equal(collisionKey(checked))
        },
      ),
      { seed: 8, numRuns: 2000 },
    )
  })
})
