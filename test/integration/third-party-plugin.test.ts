import { expect } from 'chai'
import type { PeerNetwork } from 'p2pnet'
import { readDocuments } from '../docs/markdown.ts'
import { eventually, Nodes } from '../support/nodes.ts'
import { Scratch } from '../support/scratch.ts'

describe('the plugin of the guide, in a folder of its own', function () {
  this.timeout(30_000)
  const nodes = new Nodes()
  let plugins: Scratch
  let configs: Scratch

  before(async () => {
    const guide = (await readDocuments()).find(({ file }) => file === 'docs/guide/write-a-plugin.md')
    const weather = guide?.blocks.find(({ info }) => info.endsWith('plugins/weather.ts'))
    plugins = await Scratch.make({ 'weather.ts': weather?.text ?? '' })
    configs = await Scratch.make()
  })
  afterEach(() => nodes.clean())
  after(() => Promise.all([plugins.remove(), configs.remove()]))

  /** A node whose config names the plugin by its path. */
  async function start(city: string): Promise<PeerNetwork> {
    const config = `
      import { defineConfig, TrustLevel } from 'p2pnet'
      export default defineConfig({
        extends: ['p2pnet:minimal'],
        plugins: [
          { use: 'trust-incoming', options: { peerTrustHandshake: () => TrustLevel.authenticated } },
          { use: '${plugins.at('weather.ts')}', options: { city: '${city}', celsius: 4 } },
        ],
      })`
    await configs.write({ [`${city}.config.ts`]: config })
    const node = await nodes.compose(configs.at(`${city}.config.ts`))
    await node.start()
    return node
  }

  it('is loaded by path from a config, exchanges its own packets, and takes the place of what a message does', async () => {
    const [oslo, rome] = [await start('Oslo'), await start('Rome')]
    expect(rome.plugins.map(({ id }) => id)).to.include('weather')
    const heard: string[] = []
    rome.on('message', (text) => heard.push(text))
    const [listening] = rome.listening
    const channel = await oslo.connect({ host: '127.0.0.1', port: listening?.port ?? 0 })
    await channel.whenTrusted()
    await channel.send({ type: 'PureMessage', message: 'hello' })
    await eventually(() => heard.length === 2)
    expect(heard.toSorted()).to.deep.equal(['4 °C in Oslo', 'HELLO'])
  })
})
