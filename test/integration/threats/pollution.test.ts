// Keys that would change every object: through configs and through packets of either wire.
import { connect } from 'node:net'
import { expect } from 'chai'
import type { Config } from 'p2pnet'
import { compose } from '../../../core/config/compose.ts'
import { Nodes, eventually, trustAtOnce } from '../../support/nodes.ts'
import { Scratch } from '../../support/scratch.ts'
import { frame } from '../../support/wire-codec.ts'

const evil = '{"polluted":true,"toString":"evil","enabled":true}'
/** Ten objects that would do harm to whoever copies them key by key. */
const payloads = [
  `{"__proto__":${evil}}`,
  `{"\\u005f_proto__":${evil}}`,
  `{"constructor":{"prototype":${evil}}}`,
  `{"prototype":${evil}}`,
  `{"a":{"__proto__":${evil}}}`,
  `{"list":[{"__proto__":${evil}}]}`,
  `{"__proto__":{"__proto__":${evil}}}`,
  `{"__proto__.polluted":true}`,
  `{"__defineGetter__":${evil},"hasOwnProperty":1,"toString":1,"valueOf":1}`,
  `{"__proto__":["polluted"],"length":1000}`,
] as const
const inside = (payload: string, fields: string) => `{${fields},${payload.slice(1)}`

/** Ways into a config: the payload at its root, in a part, in options of a plugin. */
const configs: Record<string, (payload: string) => string> = {
  'the root of a config': (payload) => inside(payload, '"extends":["p2pnet:minimal"]'),
  'the network of a config': (payload) => `{"extends":["p2pnet:minimal"],"network":${payload}}`,
  'the options of a plugin': (payload) =>
    `{"extends":["p2pnet:minimal"],"plugins":[{"use":"trust-incoming","options":${payload}}]}`,
}

/** Everything that all objects, arrays and functions have. */
const shared = () =>
  [Object.prototype, Array.prototype, Function.prototype].map((prototype) =>
    JSON.stringify(
      Object.entries(Object.getOwnPropertyDescriptors(prototype)).map(([name, { value }]) => [name, String(value)]),
    ),
  )

describe('fifty objects that would change all others', () => {
  const before = shared()
  const nodes = new Nodes()
  let scratch: Scratch
  beforeEach(async () => (scratch = await Scratch.make()))
  afterEach(async () => {
    await nodes.clean()
    await scratch.remove()
  })
  const clean = () => {
    expect(({} as Record<string, unknown>).polluted).to.equal(undefined)
    expect(shared()).to.deep.equal(before)
  }

  for (const [where, write] of Object.entries(configs))
    it(`in ${where} are refused, and all others stay as they are`, async () => {
      for (const payload of payloads) {
        const json = write(payload)
        await scratch.write({ 'p2pnet.config.json': json })
        for (const config of [scratch.at('p2pnet.config.json'), JSON.parse(json) as Config]) {
          const error: unknown = await compose(config, { cwd: scratch.path }).catch((thrown: unknown) => thrown)
          expect(error, json)
            .to.have.property('code')
            .that.matches(/^E_(CONFIG|PLUGIN)_/)
          clean()
        }
      }
    })

  const wires = {
    'wire-binary': (json: string) => frame({ code: 0, header: json }),
    'wire-tagged': (json: string) => Buffer.from(`<Message>${json}</Message>`),
  }
  for (const [wire, encode] of Object.entries(wires))
    it(`in packets of ${wire} change nothing: not the node, and not what is heard`, async () => {
      const node = await nodes.compose({
        extends: ['p2pnet:minimal'],
        limits: { banScore: 'unlimited' },
        plugins: [wire, trustAtOnce()],
      })
      await node.start()
      const heard: unknown[] = []
      let answers = 0
      node.on('packet', (packet) => {
        heard.push(packet)
        answers++
      })
      node.on('refused', () => answers++)
      for (const payload of payloads) {
        const fields = wire === 'wire-binary' ? '"type":"PureMessage","message":"hi"' : '"Message":"hi"'
        const { host, port } = node.listening[0]!
        const socket = connect({ host, port }).resume()
        socket.on('error', () => undefined)
        const asked = answers
        socket.write(encode(inside(payload, fields)))
        await eventually(() => answers > asked)
        socket.destroy()
        await eventually(() => [...node.channels].length === 0)
        clean()
      }
      for (const packet of heard) {
        expect(packet).to.include({ type: 'PureMessage', message: 'hi' })
        expect(Object.getPrototypeOf(packet)).to.equal(Object.prototype)
        expect(packet).to.not.have.property('polluted')
      }
      expect(node.state).to.equal('running')
    })
})
