// The settings of the tests: sources by relative path, 'p2pnet' by self-reference, what a lazily loaded built-in imports,
// and what a config file gets through the loader, are one module instance. (mocha requires test files where Node can
// require ES modules, which would give every test a second instance: hence no-experimental-require-module in its settings.)
import { expect } from 'chai'
import * as byPath from '../../core/index.ts'
import { createModuleLoader } from '../../core/config/module-loader.ts'
import { Scratch } from '../support/scratch.ts'

describe('the host under test', () => {
  it("is one module instance, by path and as 'p2pnet'", async () => {
    const byName = await import('p2pnet')
    expect(byName.P2PNetError).to.equal(byPath.P2PNetError)
    expect(byName.PeerNetwork).to.equal(byPath.PeerNetwork)
    expect(byName).to.equal(byPath)
  })

  it("is the instance that a lazily loaded built-in imports, and its family's shared folder is 'p2pnet/files'", async () => {
    const { catalogue } = await import('../../plugins/index.ts')
    const { default: plugin } = await catalogue['trust-incoming']!.load()
    const setUp = () => {
      plugin.setup({ id: 'trust' } as never, { blockedIPs: ['no address'] } as never)
    }
    expect(setUp).to.throw(byPath.P2PNetError)
    expect(await import('p2pnet/files')).to.equal(await import('../../plugins/files/shared/index.ts'))
  })

  for (const name of ['config.ts', 'config.mjs', 'config.js', 'config.cjs']) {
    it(`is what ${name} gets as 'p2pnet', where none is installed`, async () => {
      const isModule = !name.endsWith('.cjs')
      const scratch = await Scratch.make({
        [name]: isModule
          ? "import * as host from 'p2pnet'\nimport * as files from 'p2pnet/files'\nexport { host, files }\n"
          : "module.exports = { host: require('p2pnet'), files: require('p2pnet/files') }\n",
      })
      try {
        const loaded = (await createModuleLoader().load(scratch.at(name))) as { host: typeof byPath; files: unknown }
        expect(loaded.host.P2PNetError).to.equal(byPath.P2PNetError)
        expect(loaded.host.definePlugin).to.equal(byPath.definePlugin)
        expect((loaded.files as Record<string, unknown>).fileManager).to.equal(
          (await import('p2pnet/files')).fileManager,
        )
      } finally {
        await scratch.remove()
      }
    })
  }
})
