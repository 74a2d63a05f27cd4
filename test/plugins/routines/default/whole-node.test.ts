// Routines in whole nodes: under a clock that the test moves, and on real channels.
import { expect } from 'chai'
import { definePlugin, type PeerChannel, type PeerNetwork, type PluginEntry, type Refusal, type Routine } from 'p2pnet'
import { connect, event, eventually, Nodes } from '../../../support/nodes.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('a node with routines-default', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  describe('under a clock of its own', () => {
    let clock: VirtualClock
    let node: PeerNetwork
    let ticks: number[]
    let begin: number

    async function start(plugins: readonly (string | PluginEntry)[]) {
      clock = new VirtualClock()
      node = await nodes.start('me', [...plugins] as never, {}, { clock })
      begin = clock.now()
      ticks = []
    }
    const noted = (name: string, interval: number, work: () => unknown = () => undefined): Routine => ({
      name,
      interval,
      run() {
        ticks.push(clock.now() - begin)
        return work() as undefined
      },
    })

    it('has a routine added, retimed, fail, back off and stop while it runs: every tick where it belongs', async () => {
      await start(['routines-default'])
      const routines = node.use('routines')
      let outcome: 'works' | 'fails' | 'hangs' = 'works'
      let end: (() => void) | undefined
      const remove = routines.add({
        ...noted('census', 1000, () => {
          if (outcome === 'fails') throw new Error('nobody answers')
          return outcome === 'hangs' ? new Promise<void>((resolve) => (end = resolve)) : undefined
        }),
        timeout: 250,
      })
      await clock.advance(5000)
      expect(ticks, 'it is added, not started').to.deep.equal([])

      routines.start('census')
      await clock.advance(3400)
      expect(ticks.splice(0)).to.deep.equal([6000, 7000, 8000])

      routines.setInterval('census', 200) // at 8400
      await clock.advance(700)
      expect(ticks.splice(0)).to.deep.equal([8600, 8800, 9000])

      outcome = 'fails'
      await clock.advance(3000) // until 12100
      expect(ticks.splice(0)).to.deep.equal([9200, 9600, 10400, 12000])
      expect(routines.get('census')).to.deep.include({
        running: true,
        failures: 4,
        lastError: { code: 'E_ROUTINE_FAILED', message: 'nobody answers' },
        lastRun: begin + 12_000,
        nextRun: begin + 12_000 + 16 * 200,
      })

      outcome = 'works'
      await clock.advance(3600) // until 15700
      expect(ticks.splice(0)).to.deep.equal([15_200, 15_400, 15_600])
      expect(routines.get('census').failures).to.equal(0)

      outcome = 'hangs'
      await clock.advance(1000) // until 16700
      expect(ticks.splice(0)).to.deep.equal([15_800])
      expect(routines.get('census')).to.include({ active: true, failures: 1 })
      expect(routines.get('census').lastError?.code).to.equal('E_ROUTINE_TIMEOUT')

      routines.stop('census')
      await clock.advance(60_000)
      expect(ticks).to.deep.equal([])
      expect(routines.get('census')).to.include({ running: false, active: true })
      end?.()
      await clock.advance(0)
      expect(routines.get('census')).to.include({ running: false, active: false })
      remove()
      expect([...routines].map(({ name }) => name)).to.deep.equal(['RotateBroadcastPort', 'DiscernPeerChannels'])
    })

    it('runs those of its config and of a plugin, and forgets those of the plugin when that leaves', async () => {
      const seen: string[] = []
      const plugin = definePlugin({
        name: 'p2pnet-plugin-lighthouse',
        version: '1.0.0',
        api: 1,
        setup(ctx) {
          ctx.hooks.routines.collect.tap((registry) => {
            registry.add(noted('beam', 400))
          })
          ctx.defer(() => void seen.push(...[...ctx.use('routines')].map(({ name }) => name)))
        },
      })
      const options = {
        routines: [noted('tide', 1000)],
        start: ['tide', 'beam'],
        intervals: { beam: 300 },
      }
      await start([{ use: 'routines-default', options }, { use: plugin }])
      await clock.advance(1000)
      expect(ticks).to.deep.equal([300, 600, 900, 1000])
      await node.stop()
      expect(seen, 'disposers run newest first').to.deep.equal(['RotateBroadcastPort', 'DiscernPeerChannels', 'tide'])
      expect(clock.pending).to.equal(0)
    })
  })

  describe('on real channels, when DiscernPeerChannels runs', () => {
    const run = async (node: PeerNetwork) => {
      const routines = node.use('routines')
      routines.setInterval('DiscernPeerChannels', 10)
      routines.start('DiscernPeerChannels')
    }

    /** A policy that changes its mind: whoever it names from now on was let in before. */
    function fickle(said: { identifier?: string; address?: string }) {
      const no: Refusal = { code: 'E_BLOCKED', reason: 'not any more' }
      return definePlugin({
        name: 'trust-fickle',
        version: '1.0.0',
        api: 1,
        provides: ['trust'],
        setup(ctx) {
          const nothing = () => undefined
          ctx.provide('trust', {
            ...{ trusted: () => true, allows: nothing, block: nothing, unblock: nothing },
            ...{ authorize: nothing, revoke: nothing },
            refuses: (identifier) => (identifier === said.identifier ? no : undefined),
            refusesAddress: (address) => (address === said.address ? no : undefined),
          })
        },
      })
    }

    for (const [whom, what] of [
      ['an identifier', { identifier: 'b'.repeat(32) }],
      ['an address', { address: '127.0.0.1' }],
    ] as const)
      it(`closes whom the policy refuses by now, by ${whom}, and both sides know why`, async () => {
        const said: { identifier?: string; address?: string } = {}
        const node = await nodes.start('a'.repeat(32), ['routines-default', fickle(said)])
        const peer = await nodes.start('b'.repeat(32))
        const [channel] = await connect(peer, node)
        channel.post({ type: 'Identifier', data: 1 })
        await eventually(() => [...node.channels].some(({ peer: { identifier } }) => identifier !== undefined))
        const [here, there] = [event(node, 'peerRemoved'), event(peer, 'peerRemoved')]
        Object.assign(said, what)
        await run(node)
        for (const [, reason] of [await here, await there]) expect(reason).to.include({ code: 'E_BLOCKED' })
        expect([...node.channels]).to.deep.equal([])
        const [decision] = node.decisions({ peer: 'b'.repeat(32) })
        expect(decision).to.include({
          plugin: 'routines-default',
          hook: 'routines.DiscernPeerChannels',
          code: 'E_BLOCKED',
          reason: 'not any more',
        })
      })

    it('closes a trusted peer of which nothing was heard, on a wire that cannot say "still here"', async () => {
      const clock = new VirtualClock()
      const tagged = { limits: { idleMs: 5000 } }
      const node = await nodes.start('a'.repeat(32), ['wire-tagged', 'routines-default'], tagged, { clock })
      const peer = await nodes.start('b'.repeat(32), ['wire-tagged'])
      const [, there] = await linked(peer, node)
      let reason: unknown
      node.on('peerRemoved', (_, why) => (reason = why))
      await clock.advance(60_000)
      expect(there.closed, 'the kernel leaves it to the transport').to.equal(false)
      node.use('routines').start('DiscernPeerChannels')
      await clock.advance(59_999)
      expect(there.closed).to.equal(false)
      await clock.advance(1)
      expect(there.closed).to.equal(true)
      await clock.advance(1000)
      expect(reason).to.include({ code: 'E_IDLE' })
    })

    it('leaves everybody else alone', async () => {
      const node = await nodes.start('a'.repeat(32), ['routines-default', fickle({ identifier: 'c' })])
      const peer = await nodes.start('b'.repeat(32))
      const [channel] = await connect(peer, node)
      await run(node)
      const { lastRun = 0 } = await eventually(() => {
        const status = node.use('routines').get('DiscernPeerChannels')
        return status.lastRun === undefined ? undefined : status
      })
      expect(lastRun).to.be.above(0)
      expect(channel.closed).to.equal(false)
      expect([...node.channels]).to.have.lengthOf(1)
    })
  })

  for (const range of ['127.0.0.1', '127.0.0.0/8', 'b'.repeat(32)])
    it(`does not wait for a routine to close what the operator blocks: ${range}`, async () => {
      const node = await nodes.start('a'.repeat(32), ['routines-default'])
      const peer = await nodes.start('b'.repeat(32))
      const [channel, there] = await connect(peer, node)
      channel.post({ type: 'Identifier', data: 1 })
      await eventually(() => there.peer.identifier)
      const removed = event(node, 'peerRemoved')
      await node.block(range)
      expect((await removed)[1]).to.include({ code: 'E_BLOCKED' })
    })
})

/** As connect(), for a node whose clock stands still. */
async function linked(from: PeerNetwork, to: PeerNetwork): Promise<[PeerChannel, PeerChannel]> {
  const [listening] = to.listening
  const channel = await from.connect({ host: listening!.host, port: listening!.port })
  const other = await eventually(() => [...to.trustedChannels][0])
  return [channel, other]
}
