// What the catalogue says of the built-ins without loading them is what they say themselves.
import { expect } from 'chai'
import { checkPlugin } from '../../../core/config/check-plugin.ts'
import { catalogue } from '../../../plugins/index.ts'
import { presets } from '../../../plugins/presets.ts'

describe('the catalogue of built-ins', () => {
  for (const [name, entry] of Object.entries(catalogue)) {
    it(`describes ${name} as it is`, async () => {
      const plugin = checkPlugin((await entry.load()).default, name, name, 'catalogue')
      const { provides = [], requires = [], commands = {} } = plugin
      expect({ name: plugin.name, provides, requires, commands: Object.keys(commands) }).to.deep.equal({
        name,
        provides: entry.provides,
        requires: entry.requires,
        commands: Object.keys(entry.commands ?? {}),
      })
    })
  }

  it('has everything that the presets name', () => {
    for (const [name, entries] of Object.entries(presets)) {
      const used = entries.map((entry) => (typeof entry === 'string' ? entry : entry.use))
      expect(catalogue, name).to.include.keys(used)
    }
  })
})
