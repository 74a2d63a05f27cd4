import { expect } from 'chai'
import fc from 'fast-check'
import { checkName, collisionKey, nameBytes } from '../../../plugins/files/shared/index.ts'
import { markedName } from '../../../plugins/files/shared/names.ts'

/** Also what every manager is tried with. */
export const badNames: readonly (readonly [what: string, name: string])[] = [
  ['nothing', ''],
  ['a parent', '..'],
  ['the folder itself', '.'],
  ['a way up', '../evil'],
  ['a way up for Windows', '..\\evil'],
  ['a deep way up', 'a/../../../../evil'],
  ['an absolute path', '/etc/passwd'],
  ['a drive', 'C:\\evil'],
  ['a share', '\\\\host\\share'],
  ['a folder', 'a/b'],
  ['a byte of zero', 'evil\0.txt'],
  ['a line break', 'a\nb'],
  ['an escape', '\u001b[2Jclear'],
  ['a delete', 'a\u007f'],
  ['a C1 control', 'a\u0085b'],
  ['a line separator', 'a\u2028b'],
  ['half a surrogate pair', 'a\ud800b'],
  ['a noncharacter', 'a\uffff'],
  ['reversed text', 'photo\u202egpj.exe'],
  ['nothing to see', '\u200b\u200d'],
  ['a hidden file', '.bashrc'],
  ['our parts folder', '.parts'],
  ['our index', '.index'],
  ['a leading space', ' a'],
  ['a leading no-break space', '\u00a0a'],
  ['a trailing space', 'a '],
  ['a trailing dot', 'a.'],
  ['only dots and spaces', '. .'],
  ['CON', 'CON'],
  ['nul', 'nul'],
  ['a device with an extension', 'aux.txt'],
  ['a device with two', 'nul.tar.gz'],
  ['a device with a space', 'con .txt'],
  ['a port', 'COM1'],
  ['a port with a superscript', 'COM¹'],
  ['a printer', 'lpt9.log'],
  ['the console of input', 'CONIN$'],
  ['256 bytes', 'a'.repeat(256)],
  ['256 bytes in 86 letters', '\u20ac'.repeat(86)],
  ['a megabyte', 'a'.repeat(1_000_000)],
]

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
      expect(() => checkName(name)).to.throw().with.property('code', 'E_FILE_NAME')
    })

  for (const name of [undefined, null, 7, {}, ['a']])
    it(`are refused when they are no strings: ${JSON.stringify(name)}`, () => {
      expect(() => checkName(name)).to.throw().with.property('code', 'E_FILE_NAME')
    })

  for (const name of goodNames)
    it(`stay as they are: ${JSON.stringify(name.slice(0, 20))}`, () => {
      expect(checkName(name)).to.equal(name)
    })

  it('are kept in NFC', () => {
    expect(checkName('e\u0301')).to.equal('\u00e9')
  })

  it('lose what a store cannot keep', () => {
    expect(() => checkName('a:b', /[:*?]/)).to.throw().with.property('code', 'E_FILE_NAME')
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
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.constantFrom('2', '99', 'abcdef012345'), (name, mark) => {
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
      }),
      { seed: 8, numRuns: 2000 },
    )
  })
})
