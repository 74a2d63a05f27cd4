import { expect } from 'chai'
import { createConnection } from 'node:net'
import { definePlugin, PeerNetwork, type AnyPlugin, type Plugin, type PluginContext } from 'p2pnet'
import { connect, eventually, Nodes } from '../../support/nodes.ts'

declare module 'p2pnet' {
  interface Capabilities {
    first: { readonly order: number }
    second: { readonly order: number }
  }
}

const plugin = (part: Partial<Plugin<object>> & { name: string }): AnyPlugin =>
  definePlugin({ version: '1.0.0', api: 1, setup: () => undefined, ...part })

describe('the life of plugins', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  it('is: set up and started in the order of what they require, stopped in strict reverse', async () => {
    const steps: string[] = []
    const noting = (name: string, provides: string[], requires: string[]) =>
      plugin({
        name,
        provides,
        requires,
        setup(ctx) {
          steps.push(`setup ${name}`)
          for (const capability of provides) ctx.provide(capability as 'first', { order: steps.length })
        },
        start: () => void steps.push(`start ${name}`),
        stop: () => void steps.push(`stop ${name}`),
      })
    const node = await nodes.start('alone', [
      noting('c', [], ['second']),
      noting('b', ['second'], ['first']),
      noting('a', ['first'], []),
    ])
    await node.stop()
    const expected = ['a', 'b', 'c']
    expect(steps).to.deep.equal([
      ...expected.map((name) => `setup ${name}`),
      ...expected.map((name) => `start ${name}`),
      ...expected.toReversed().map((name) => `stop ${name}`),
    ])
  })

  it('ends with everything given back that was opened through the context', async () => {
    const given: string[] = []
    let held: PluginContext | undefined
    let port = 0
    let ticks = 0
    let heard = 0
    const opener = plugin({
      name: 'opener',
      setup(ctx) {
        held = ctx
        ctx.network.on('candidate', () => heard++)
        ctx.defer(() => void given.push('first deferred'))
        ctx.defer(() => void given.push('last deferred'))
      },
      async start(ctx) {
        ctx.clock.setInterval(() => ticks++, 5)
        ctx.clock.setTimeout(() => given.push('a timer that should be gone'), 60_000)
        const server = ctx.net.createServer({}, () => undefined)
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
        port = (server.address() as { port: number }).port
        ctx.net.connect({ port, host: '127.0.0.1' }).on('error', () => undefined)
        ctx.net.createSocket({ type: 'udp4' }).bind(0, '127.0.0.1')
      },
    })
    const node = await nodes.start('alone', [opener])
    await eventually(() => ticks > 1)
    node.knownPeers.add({ host: '127.0.0.1', port: 9, via: 'test' })
    await node.stop()
    expect(given).to.deep.equal(['last deferred', 'first deferred'])
    expect(held?.signal.aborted).to.equal(true)
    const before = ticks
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(ticks).to.equal(before)
    expect(heard).to.equal(0)
    const refused = await new Promise<string>((resolve) => {
      createConnection({ port, host: '127.0.0.1' }).once('error', (error: NodeJS.ErrnoException) =>
        resolve(error.code ?? ''),
      )
    })
    expect(refused).to.equal('ECONNREFUSED')
  })

  it('reports what a disposer fails with, and gives back the rest', async () => {
    const given: string[] = []
    const messy = plugin({
      name: 'messy',
      setup(ctx) {
        ctx.defer(() => void given.push('given back'))
        ctx.defer(() => {
          throw new Error('will not')
        })
      },
    })
    const node = await nodes.start('alone', [messy])
    const failures: string[] = []
    node.on('pluginFailed', ({ plugin: name, error }) => failures.push(`${name}: ${error.message}`))
    await node.stop()
    expect(given).to.deep.equal(['given back'])
    expect(failures).to.have.length(1)
    expect(failures[0]).to.match(/^messy: .*will not/)
  })

  it('offers a capability as a handle that forwards, and names what is missing', async () => {
    const order: number[] = []
    const giver = plugin({ name: 'giver', provides: ['first'], setup: (ctx) => ctx.provide('first', { order: 42 }) })
    const taker = plugin({
      name: 'taker',
      setup(ctx) {
        expect(ctx.has('second')).to.equal(false)
        expect(() => ctx.use('second'))
          .to.throw(/nothing provides second for plugin taker/)
          .with.property('code', 'E_CAPABILITY_MISSING')
        const handle = ctx.use('first')
        order.push(handle.order)
      },
    })
    const node = await nodes.create('alone', [giver, { use: taker, id: 'taker' }])
    expect(order).to.deep.equal([42])
    expect(node.use('first').order).to.equal(42)
    expect(() => node.use('second'))
      .to.throw()
      .with.property('code', 'E_CAPABILITY_MISSING')
  })
})

describe('the life of a node', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  it('start and stop are idempotent, and stopped is the end', async () => {
    let starts = 0
    const node = await nodes.create('alone', [plugin({ name: 'counter', start: () => void starts++ })])
    expect(node.state).to.equal('created')
    expect(node.identifier).to.equal('')
    await Promise.all([node.start(), node.start()])
    await node.start()
    expect({ starts, state: node.state, identifier: node.identifier }).to.deep.equal({
      starts: 1,
      state: 'running',
      identifier: 'alone',
    })
    let told = 0
    node.on('stopped', () => told++)
    await Promise.all([node.stop(), node.stop()])
    await node.stop()
    expect({ told, state: node.state, listening: node.listening }).to.deep.equal({
      told: 1,
      state: 'stopped',
      listening: [],
    })
    const error = await node.start().then(
      () => undefined,
      (thrown: { code: string }) => thrown.code,
    )
    expect(error).to.equal('E_STATE')
  })

  it('stops before it was started, and while it starts', async () => {
    const early = await nodes.create('early')
    await early.stop()
    expect(early.state).to.equal('stopped')
    const busy = await nodes.create('busy', [
      plugin({ name: 'slow', start: () => new Promise((resolve) => setTimeout(resolve, 50)) }),
    ])
    const starting = busy.start()
    await busy.stop()
    await starting
    expect(busy.state).to.equal('stopped')
    expect(busy.listening).to.deep.equal([])
  })

  it('ends with `await using`', async () => {
    const node = await nodes.start('alone')
    await node[Symbol.asyncDispose]()
    expect(node.state).to.equal('stopped')
  })

  it('a port that is taken is E_LISTEN, and nothing stays half started', async () => {
    const first = await nodes.start('first')
    const port = first.listening[0]?.port ?? 0
    const stopped: string[] = []
    const second = await nodes.create(
      'second',
      [plugin({ name: 'witness', stop: () => void stopped.push('witness') })],
      { network: { port } },
    )
    const error = await second.start().then(
      () => undefined,
      (thrown: { code: string; message: string; remedy: string }) => thrown,
    )
    expect(error?.code).to.equal('E_LISTEN')
    expect(error?.message).to.contain(String(port))
    expect(error?.remedy).to.match(/port/)
    expect(second.state).to.equal('stopped')
    expect(stopped).to.deep.equal(['witness'])
  })

  it('a data directory in use is E_DATA_DIR_IN_USE, and free again afterwards', async () => {
    const dataDir = await nodes.directory()
    const first = await nodes.start('first', [], {}, { dataDir })
    const second = await nodes.create('second', [], {}, { dataDir })
    const error = await second.start().then(
      () => undefined,
      (thrown: { code: string; message: string }) => thrown,
    )
    expect(error?.code).to.equal('E_DATA_DIR_IN_USE')
    expect(error?.message).to.contain(dataDir)
    await first.stop()
    await nodes.start('third', [], {}, { dataDir })
  })

  it('without anybody who names it is E_NO_IDENTIFIER', async () => {
    const node = await nodes.compose({
      extends: ['p2pnet:minimal'],
      plugins: [{ use: 'identity-default', enabled: false }],
    })
    const error = await node.start().then(
      () => undefined,
      (thrown: { code: string }) => thrown.code,
    )
    expect(error).to.equal('E_NO_IDENTIFIER')
    expect(node.state).to.equal('stopped')
  })

  it('says goodbye to its peers when it stops', async () => {
    const here = await nodes.start('here')
    const there = await nodes.start('there')
    await connect(here, there)
    const gone = there.once('peerRemoved')
    await here.stop()
    const [channel, reason] = await gone
    expect(channel.peer.identifier ?? 'here').to.equal('here')
    expect(reason.code).to.equal('E_STOPPING')
  })

  it('two nodes in one process share nothing', async () => {
    const [here, there] = [await nodes.start('here'), await nodes.start('there')]
    here.knownPeers.add({ host: '127.0.0.1', port: 1, via: 'test', identifier: 'somebody' })
    await here.block('203.0.113.9')
    expect([...there.knownPeers]).to.deep.equal([])
    expect(there.decisions()).to.deep.equal([])
    expect(here).to.be.instanceOf(PeerNetwork)
  })
})
