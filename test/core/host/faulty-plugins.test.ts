import { expect } from 'chai'
import { definePlugin, P2PNetError, type Config, type Plugin, type PluginContext } from 'p2pnet'
import { connect, event, eventually, Nodes } from '../../support/nodes.ts'

const limits: NonNullable<Config['limits']> = { tapMs: 150, startMs: 150, stopMs: 150 }

function faulty(part: Partial<Plugin<object>> & { setup?: (ctx: PluginContext) => unknown }): Plugin {
  return definePlugin({ name: 'faulty', version: '1.0.0', api: 1, setup: () => undefined, ...part })
}

const never = () => new Promise<never>(() => undefined)

/** Such a plugin keeps the node from starting: cleanly, with everything closed again. */
const refused: { fault: string; plugin: () => Plugin; code: string; hook?: string; says: RegExp }[] = [
  {
    fault: 'throws in setup',
    plugin: () =>
      faulty({
        setup() {
          throw new Error('boom')
        },
      }),
    code: 'E_PLUGIN_SETUP',
    hook: 'setup',
    says: /faulty.*boom/,
  },
  {
    fault: 'has an asynchronous setup',
    plugin: () => faulty({ setup: async () => Promise.reject(new Error('late boom')) }),
    code: 'E_PLUGIN_SETUP',
    hook: 'setup',
    says: /faulty.*synchronous/,
  },
  {
    fault: 'taps a hook that does not exist',
    plugin: () =>
      faulty({
        setup(ctx) {
          ;(ctx.hooks.packets as unknown as Record<string, { tap(fn: () => void): void }>).admitt?.tap(() => undefined)
        },
      }),
    code: 'E_HOOK_UNKNOWN',
    hook: 'packets.admitt',
    says: /did you mean packets\.admit/,
  },
  {
    fault: 'provides a capability twice',
    plugin: () =>
      faulty({
        provides: ['routines'],
        setup(ctx) {
          ctx.provide('routines', {} as never)
          ctx.provide('routines', {} as never)
        },
      }),
    code: 'E_CAPABILITY_TWICE',
    says: /routines.*faulty/,
  },
  {
    fault: 'provides what it does not declare',
    plugin: () =>
      faulty({
        setup(ctx) {
          ctx.provide('routines', {} as never)
        },
      }),
    code: 'E_PLUGIN_SETUP',
    says: /faulty.*routines/,
  },
  {
    fault: 'declares what it does not provide',
    plugin: () => faulty({ provides: ['routines'] }),
    code: 'E_PLUGIN_SETUP',
    says: /faulty.*routines/,
  },
  {
    fault: 'throws in start',
    plugin: () =>
      faulty({
        start() {
          throw new Error('no start')
        },
      }),
    code: 'E_PLUGIN_START',
    hook: 'start',
    says: /faulty.*no start/,
  },
  {
    fault: 'rejects in start',
    plugin: () => faulty({ start: () => Promise.reject(new Error('no start')) }),
    code: 'E_PLUGIN_START',
    hook: 'start',
    says: /faulty.*no start/,
  },
  {
    fault: 'hangs in start',
    plugin: () => faulty({ start: never }),
    code: 'E_PLUGIN_TIMEOUT',
    hook: 'start',
    says: /faulty.*start within 150 ms/,
  },
  {
    fault: 'taps after setup',
    plugin: () =>
      faulty({
        start(ctx) {
          ctx.hooks.packets.admit.tap(() => undefined)
        },
      }),
    code: 'E_TAP_LATE',
    says: /faulty.*packets\.admit/,
  },
]

/** Such a plugin is named and the node stays up. `heard`: does a message still arrive? */
const survived: {
  fault: string
  plugin: () => Plugin
  hook: string
  code: string
  heard: boolean
  messages?: number
}[] = [
  {
    fault: 'throws in a tap of trust',
    plugin: () =>
      faulty({
        setup(ctx) {
          ctx.hooks.packets.admit.tap(() => {
            throw new Error('boom')
          })
        },
      }),
    hook: 'packets.admit',
    code: 'E_PLUGIN_FAILED',
    heard: false,
  },
  {
    fault: 'throws on every packet',
    plugin: () =>
      faulty({
        setup(ctx) {
          ctx.hooks.packets.received.for('PureMessage').tap(
            () => {
              throw new Error('boom')
            },
            { stage: -10 },
          )
        },
      }),
    hook: 'packets.received:PureMessage',
    code: 'E_PLUGIN_FAILED',
    heard: true,
    messages: 200,
  },
  {
    fault: 'rejects on every packet',
    plugin: () =>
      faulty({
        setup(ctx) {
          ctx.hooks.packets.received
            .for('PureMessage')
            .tapPromise(() => Promise.reject(new Error('boom')), { stage: -10 })
        },
      }),
    hook: 'packets.received:PureMessage',
    code: 'E_PLUGIN_FAILED',
    heard: true,
    messages: 50,
  },
  {
    fault: 'hangs on a packet',
    plugin: () =>
      faulty({
        setup(ctx) {
          ctx.hooks.packets.received.for('PureMessage').tapPromise(never, { stage: -10 })
        },
      }),
    hook: 'packets.received:PureMessage',
    code: 'E_PLUGIN_TIMEOUT',
    heard: true,
  },
  {
    fault: 'puts an async function into a synchronous tap',
    plugin: () =>
      faulty({
        setup(ctx) {
          ctx.hooks.packets.admit.tap((async () => Promise.resolve(undefined)) as never)
        },
      }),
    hook: 'packets.admit',
    code: 'E_PLUGIN_FAILED',
    heard: false,
  },
  {
    fault: 'answers nonsense where a refusal is due',
    plugin: () =>
      faulty({
        setup(ctx) {
          ctx.hooks.packets.admit.tap((() => true) as never)
        },
      }),
    hook: 'packets.admit',
    code: 'E_PLUGIN_FAILED',
    heard: false,
  },
  {
    fault: 'calls itself without end',
    plugin: () =>
      faulty({
        setup(ctx) {
          ctx.hooks.packets.received.for('PureMessage').tap(
            function again(packet, channel): undefined {
              again(packet, channel)
            },
            { stage: -10 },
          )
        },
      }),
    hook: 'packets.received:PureMessage',
    code: 'E_PLUGIN_FAILED',
    heard: true,
  },
  {
    fault: 'throws in a listener',
    plugin: () =>
      faulty({
        setup(ctx) {
          ctx.network.on('message', () => {
            throw new Error('boom')
          })
        },
      }),
    hook: 'event:message',
    code: 'E_PLUGIN_FAILED',
    heard: true,
  },
  {
    fault: 'blocks for 200 ms',
    plugin: () =>
      faulty({
        setup(ctx) {
          ctx.hooks.packets.received.for('PureMessage').tap(
            () => {
              const end = performance.now() + 200
              while (performance.now() < end);
              return undefined
            },
            { stage: -10 },
          )
        },
      }),
    hook: 'packets.received:PureMessage',
    code: 'E_PLUGIN_SLOW',
    heard: true,
    messages: 2,
  },
]

describe('a faulty plugin', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  for (const { fault, plugin, code, hook, says } of refused)
    it(`that ${fault} keeps the node from starting, and ${code} names it`, async () => {
      const stopped: string[] = []
      const witness = definePlugin({
        name: 'witness',
        version: '1.0.0',
        api: 1,
        setup: () => undefined,
        stop: () => {
          stopped.push('witness')
        },
      })
      let error: unknown
      let node
      try {
        node = await nodes.create('alone', [witness, plugin()], { limits })
        await node.start()
      } catch (thrown) {
        error = thrown
      }
      expect(error).to.be.instanceOf(P2PNetError)
      const coded = error as P2PNetError
      expect(coded.code).to.equal(code)
      expect(coded.plugin).to.equal('faulty')
      if (hook !== undefined) expect(coded.hook).to.equal(hook)
      expect(coded.message).to.match(says)
      expect(coded.remedy).to.not.equal('')
      if (node === undefined) return
      expect(node.state).to.equal('stopped')
      expect(node.listening).to.deep.equal([])
      expect(stopped).to.deep.equal(['witness'])
    })

  for (const { fault, plugin, hook, code, heard, messages = 1 } of survived)
    it(`that ${fault} is named, and the node stays up`, async () => {
      const sick = await nodes.start('sick', [plugin()], { limits })
      const well = await nodes.start('well')
      let count = 0
      sick.on('message', () => count++)
      const failure = event(sick, 'pluginFailed', ({ error }) => error.code === code)
      const [channel] = await connect(well, sick)
      for (let i = 0; i < messages; i++) {
        await channel.send({ type: 'PureMessage', message: 'hello' })
        // A node starts to time taps when a turn of its event loop was slow: then the next one is named.
        if (code === 'E_PLUGIN_SLOW') await eventually(() => count > i)
      }
      const [{ plugin: name, hook: where, error }] = await failure
      expect({ name, where, code: error.code }).to.deep.equal({ name: 'faulty', where: hook, code })
      expect(error.message).to.contain('faulty')
      if (heard) await eventually(() => count === messages)
      else {
        const { count: dropped } = await eventually(() =>
          sick.decisions().find((decision) => decision.code === 'E_PLUGIN_FAILED'),
        )
        expect(dropped).to.be.at.least(1)
        expect(count).to.equal(0)
      }
      expect(sick.state).to.equal('running')
      expect(channel.closed).to.equal(false)
      // Somebody else still gets in, and gets an answer.
      const other = await nodes.start('other')
      const [, inbound] = await connect(other, sick)
      expect(inbound.trusted).to.equal(true)
    })

  for (const [fault, stop, code] of [
    [
      'throws in stop',
      () => {
        throw new Error('no end')
      },
      'E_PLUGIN_STOP',
    ],
    ['hangs in stop', never, 'E_PLUGIN_TIMEOUT'],
  ] as const)
    it(`that ${fault} is named, and the node still reaches stopped`, async () => {
      const node = await nodes.start('alone', [faulty({ stop })], { limits })
      const failure = event(node, 'pluginFailed')
      await node.stop()
      expect(node.state).to.equal('stopped')
      const [{ plugin, hook, error }] = await failure
      expect({ plugin, hook, code: error.code }).to.deep.equal({ plugin: 'faulty', hook: 'stop', code })
    })

  it('that throws where failures are told does not make the node turn in circles', async () => {
    const circular = faulty({
      setup(ctx) {
        ctx.network.on('pluginFailed', () => {
          throw new Error('and again')
        })
        ctx.network.on('message', () => {
          throw new Error('boom')
        })
      },
    })
    const sick = await nodes.start('sick', [circular])
    const well = await nodes.start('well')
    const hooks: string[] = []
    sick.on('pluginFailed', ({ hook }) => hooks.push(hook))
    const [channel] = await connect(well, sick)
    await channel.send({ type: 'PureMessage', message: 'hello' })
    await eventually(() => hooks.includes('event:pluginFailed'))
    expect(hooks).to.include('event:message')
    expect(sick.state).to.equal('running')
  })

  it('is told of at most once a second for each hook, with a count', async () => {
    const throwing = faulty({
      setup(ctx) {
        ctx.hooks.packets.received.for('PureMessage').tap(
          () => {
            throw new Error('boom')
          },
          { stage: -10 },
        )
      },
    })
    const sick = await nodes.start('sick', [throwing])
    const well = await nodes.start('well')
    const counts: number[] = []
    sick.on('pluginFailed', ({ count }) => counts.push(count))
    const [channel] = await connect(well, sick)
    let heard = 0
    sick.on('message', () => heard++)
    for (let i = 0; i < 100; i++) channel.post({ type: 'PureMessage', message: 'hello' })
    await eventually(() => heard === 100)
    expect(counts).to.deep.equal([1])
    await sick.stop()
    expect(counts).to.deep.equal([1, 99])
  })
})
