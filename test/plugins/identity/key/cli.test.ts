// p2pnet keys new and show, without a node and beside one.
import { readdir, readFile, stat } from 'node:fs/promises'
import { expect } from 'chai'
import { Nodes } from '../../../support/nodes.ts'
import { Scratch } from '../../../support/scratch.ts'
import { TestShell } from '../../../support/test-shell.ts'

describe('p2pnet keys', () => {
  const nodes = new Nodes()
  let scratch: Scratch
  let shell: TestShell
  beforeEach(async () => {
    scratch = await Scratch.make()
    shell = new TestShell(scratch.path)
  })
  afterEach(async () => {
    await nodes.clean()
    await scratch.remove()
  })
  const again = () => new TestShell(scratch.path)

  it('new makes a key where the config says, and show tells the same', async () => {
    await scratch.write({ 'p2pnet.config.json': '{ "network": { "dataDir": "data" }, "extends": ["p2pnet:minimal"] }' })
    expect(await shell.run('keys', 'new', '--json')).to.equal(0)
    const [made] = shell.lines
    expect(made?.identifier).to.match(/^[\w-]{43}$/)
    expect(made?.file).to.equal(scratch.at('data', 'identity.key'))
    expect(Buffer.from(String(made?.publicKey), 'base64')).to.have.lengthOf(44)
    const other = again()
    expect(await other.run('keys', 'show', '--json')).to.equal(0)
    expect(other.lines).to.deep.equal([made])
    const words = again()
    expect(await words.run('keys', 'show')).to.equal(0)
    expect(words.out).to.include(made?.identifier).and.include(made?.publicKey)
    for (const { out, err } of [shell, other, words]) expect(out + err).to.not.include('PRIVATE')
  })

  it('new never writes over a key', async () => {
    expect(await shell.run('keys', 'new', '--data-dir', 'a/b', '--json')).to.equal(0)
    const before = await readFile(scratch.at('a', 'b', 'identity.key'))
    const second = again()
    expect(await second.run('keys', 'new', '--data-dir', 'a/b', '--json')).to.equal(1)
    const [{ error }] = second.lines as [{ error: Record<string, string> }]
    expect(error).to.include({ code: 'E_KEY_EXISTS' })
    expect(error.remedy).to.not.equal('')
    expect(await readFile(scratch.at('a', 'b', 'identity.key'))).to.deep.equal(before)
    expect(await readdir(scratch.at('a', 'b'))).to.deep.equal(['identity.key'])
    if (process.platform !== 'win32') expect((await stat(scratch.at('a', 'b'))).mode & 0o777).to.equal(0o700)
  })

  it('show makes nothing, and says how to make one', async () => {
    expect(await shell.run('keys', 'show', '--data-dir', 'd', '--json')).to.equal(1)
    expect(shell.lines[0]?.error).to.include({ code: 'E_KEY_NOT_FOUND' })
    expect(await readdir(scratch.path)).to.deep.equal([])
  })

  it('show tells who a running node is, which minds neither', async () => {
    const dataDir = scratch.at('data')
    const node = await nodes.compose({ extends: ['p2pnet:minimal'], plugins: ['identity-key'] }, { dataDir })
    await node.start()
    expect(await shell.run('keys', 'show', '--data-dir', 'data', '--json')).to.equal(0)
    expect(shell.lines[0]).to.include({ identifier: node.identifier })
    expect(await again().run('keys', 'new', '--data-dir', 'data')).to.equal(1)
    expect(node.state).to.equal('running')
  })

  for (const words of [[], ['old'], ['new', 'x'], ['show', '--private']])
    it(`with ${JSON.stringify(words.join(' '))} is wrong usage`, async () => {
      expect(await shell.run('keys', ...words, '--data-dir', 'd', '--json')).to.equal(2)
      expect(await readdir(scratch.path)).to.deep.equal([])
    })

  it('is in the help', async () => {
    expect(await shell.run('--help')).to.equal(0)
    expect(shell.out).to.match(/^ +keys /m)
  })
})
