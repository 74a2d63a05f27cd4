// What docs/build.ts makes is what stands on disk: the check behind `npm run docs`.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { generate } from '../../docs/build.ts'
import { root } from './markdown.ts'

describe('the generated reference', function () {
  this.timeout(60_000) // on a busy machine; a second otherwise
  it('is fresh, and comes out the same twice', async () => {
    const pages = await generate()
    for (const [file, text] of pages) {
      const found = await readFile(path.join(root, file), 'utf8').catch(() => undefined)
      expect(found === text, `${file} is stale: run npm run docs`).to.equal(true)
    }
    expect(await generate()).to.deep.equal(pages)
  })
})
