// What the loader makes of files that import each other, in every kind of module that a config can be written in.
import { expect } from 'chai'
import { createModuleLoader } from '../../../core/config/module-loader.ts'
import { Scratch, type Files } from '../../support/scratch.ts'

describe('the loader of configs and plugins by path', () => {
  let scratch: Scratch
  beforeEach(async () => (scratch = await Scratch.make({ 'package.json': '{ "type": "module" }' })))
  afterEach(() => scratch.remove())

  const load = async (files: Files, file: string) => {
    await scratch.write(files)
    return (await createModuleLoader().load(scratch.at(file))) as Record<string, unknown>
  }

  for (const kind of ['ts', 'mts', 'js', 'mjs']) {
    it(`waits for what ${kind} awaits at the top level, through two imports`, async () => {
      const files = {
        [`a.${kind}`]: `import { b } from './b.${kind}'\nexport { c } from './c.${kind}'\nexport const a = b + 1\n`,
        [`b.${kind}`]: `import { c } from './c.${kind}'\nawait new Promise((done) => setTimeout(done, 5))\nexport const b = c + 1\n`,
        [`c.${kind}`]: `import 'p2pnet'\nexport const c = await Promise.resolve(1)\n`,
      }
      expect(await load(files, `a.${kind}`)).to.include({ a: 3, c: 1 })
    })

    it(`lets two files of ${kind} import each other`, async () => {
      const files = {
        [`a.${kind}`]: `import { b } from './b.${kind}'\nexport const a = () => 'a'\nexport const both = () => a() + b()\n`,
        [`b.${kind}`]: `import 'p2pnet'\nimport * as other from './a.${kind}'\nexport const b = () => typeof other\n`,
      }
      expect(((await load(files, `a.${kind}`)).both as () => string)()).to.equal('aobject')
    })
  }

  it('reads CommonJS and JSON beside them, with `import.meta` and `__dirname` where they belong', async () => {
    const files = {
      'a.ts':
        "import data from './data.json' with { type: 'json' }\nimport cjs from './c.cjs'\nexport const all = { data, cjs, url: import.meta.url }\n",
      'data.json': '{ "x": 1 }',
      'c.cjs': "const { y } = require('./d.cjs')\nmodule.exports = { y, dir: __dirname }\n",
      'd.cjs': 'exports.y = 2\n',
    }
    const { all } = (await load(files, 'a.ts')) as { all: Record<string, unknown> }
    expect(all).to.deep.include({ data: { x: 1 }, url: `file://${scratch.at('a.ts')}` })
    expect(all.cjs).to.include({ y: 2, dir: scratch.path })
  })

  it('evaluates a file that failed again when it is asked again', async () => {
    await scratch.write({
      'a.mjs': "import './b.mjs'\nexport const a = 1\n",
      'b.mjs': "import 'p2pnet'\nthrow new Error('first')\n",
    })
    const loader = createModuleLoader()
    for (const turn of [1, 2]) {
      const thrown = await loader.load(scratch.at('a.mjs')).catch((error: unknown) => error)
      expect(thrown, `turn ${String(turn)}`)
        .to.be.an('error')
        .with.property('message', 'first')
    }
    await scratch.write({ 'b.mjs': '' })
    expect(await loader.load(scratch.at('a.mjs'))).to.include({ a: 1 })
    expect(await loader.load(scratch.at('a.mjs'))).to.equal(await loader.load(scratch.at('a.mjs')))
  })
})
