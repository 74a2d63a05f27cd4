// Routines under a clock that the test moves: exact times.
import { expect } from 'chai'
import type { Routine, RoutineRegistry } from '../../../../core/host/capabilities.ts'
import type { PeerChannel } from '../../../../core/peers/channel.ts'
import { P2PNetError } from '../../../../core/errors.ts'
import type { Refusal } from '../../../../core/trust/refusal.ts'
import routinesDefault from '../../../../plugins/routines/default/index.ts'
import { fakeChannel, fakeContext, resolveOptions, type FakeSetup } from '../../../support/fake-context.ts'

const setUp = (options: Record<string, unknown> = {}, setup: FakeSetup = {}) => {
  const fake = fakeContext(setup)
  const begin = fake.clock.now()
  routinesDefault.setup(fake.ctx, resolveOptions(routinesDefault, options))
  const routines = fake.provided.routines!
  /** A routine that notes when it ran. */
  const noted = (name: string, interval: number, work?: (signal: AbortSignal) => unknown) => {
    const runs: number[] = []
    const run = (signal: AbortSignal) => {
      runs.push(fake.clock.now() - begin)
      return work?.(signal) as Promise<void>
    }
    return { runs, routine: { name, interval, run } satisfies Routine }
  }
  return {
    ...fake,
    routines,
    noted,
    start: async () => routinesDefault.start?.(fake.ctx),
    stop: async () => routinesDefault.stop?.(fake.ctx),
  }
}

describe('routines-default', () => {
  it('has the routines of the seed, and starts neither', async () => {
    const node = setUp()
    await node.start()
    await node.clock.advance(600_000)
    expect([...node.routines]).to.deep.equal([
      { name: 'RotateBroadcastPort', interval: 30_000, running: false, active: false, failures: 0 },
      { name: 'DiscernPeerChannels', interval: 60_000, running: false, active: false, failures: 0 },
    ])
    expect(node.emitted).to.deep.equal([])
  })

  it('starts those that the config names, at the intervals it gives, its own among them', async () => {
    const runs: string[] = []
    const mine = { name: 'mine', interval: 100, run: () => void runs.push('mine') }
    const node = setUp({
      routines: [mine],
      start: ['mine', 'RotateBroadcastPort'],
      intervals: { RotateBroadcastPort: 250 },
    })
    await node.start()
    await node.clock.advance(500)
    expect(runs).to.have.lengthOf(5)
    expect(node.emitted).to.deep.equal([
      { event: 'rotateBroadcastPort', args: [] },
      { event: 'rotateBroadcastPort', args: [] },
    ])
    await node.stop()
  })

  it('takes what other plugins contribute', async () => {
    const ask = (hook: string, registry: RoutineRegistry) => {
      if (hook === 'routines.collect') registry.add({ name: 'theirs', interval: 100, run: () => undefined })
      return Promise.resolve(undefined)
    }
    const node = setUp({ start: ['theirs'] }, { network: { ask } })
    await node.start()
    expect(node.routines.get('theirs')).to.deep.equal({
      name: 'theirs',
      interval: 100,
      running: true,
      active: false,
      failures: 0,
      nextRun: node.clock.now() + 100,
    })
    await node.stop()
  })

  const none = () => undefined
  const misuse: [what: string, code: string, hint: RegExp, use: (node: ReturnType<typeof setUp>) => unknown][] = [
    ['an unknown name', 'E_ROUTINE_UNKNOWN', /"nobody"$/, ({ routines }) => routines.get('nobody')],
    [
      'a misspelt name',
      'E_ROUTINE_UNKNOWN',
      /did you mean "RotateBroadcastPort"/,
      ({ routines }) => {
        routines.start('rotateBroadcastports')
      },
    ],
    [
      'an unknown name to stop',
      'E_ROUTINE_UNKNOWN',
      /x/,
      ({ routines }) => {
        routines.stop('x')
      },
    ],
    [
      'an unknown name to retime',
      'E_ROUTINE_UNKNOWN',
      /x/,
      ({ routines }) => {
        routines.setInterval('x', 100)
      },
    ],
    [
      'a name that is taken',
      'E_ROUTINE_DUPLICATE',
      /DiscernPeerChannels/,
      ({ routines }) => {
        routines.add({ name: 'DiscernPeerChannels', interval: 100, run: none })
      },
    ],
    [
      'an interval of nothing',
      'E_ROUTINE_INTERVAL',
      /0 ms/,
      ({ routines }) => {
        routines.setInterval('RotateBroadcastPort', 0)
      },
    ],
    [
      'an interval that is no number',
      'E_ROUTINE_INTERVAL',
      /NaN ms/,
      ({ routines }) => {
        routines.add({ name: 'x', interval: NaN, run: none })
      },
    ],
    [
      'a time limit of less than 10 ms',
      'E_ROUTINE_INTERVAL',
      /timeout.*9 ms/,
      ({ routines }) => {
        routines.add({ name: 'x', interval: 10, timeout: 9, run: none })
      },
    ],
    [
      'a routine without a name',
      'E_ROUTINE_INVALID',
      /no name/,
      ({ routines }) => {
        routines.add({ name: '', interval: 10, run: none })
      },
    ],
    [
      'a routine without a function',
      'E_ROUTINE_INVALID',
      /"x" has no function/,
      ({ routines }) => {
        routines.add({ name: 'x', interval: 10 } as never)
      },
    ],
    [
      'an unknown name to remove',
      'E_ROUTINE_UNKNOWN',
      /x/,
      ({ routines }) => {
        routines.remove('x')
      },
    ],
    ['a name in the config that nobody has', 'E_ROUTINE_UNKNOWN', /x/, () => setUp({ start: ['x'] }).start()],
    ['an interval in the config for nobody', 'E_ROUTINE_UNKNOWN', /x/, () => setUp({ intervals: { x: 100 } }).start()],
    [
      'a name in the config twice',
      'E_ROUTINE_DUPLICATE',
      /"a"/,
      () =>
        setUp({
          routines: [
            { name: 'a', interval: 10, run: none },
            { name: 'a', interval: 10, run: none },
          ],
        }),
    ],
  ]
  for (const [what, code, hint, use] of misuse)
    it(`refuses ${what}`, async () => {
      const error: unknown = await Promise.resolve()
        .then(() => use(setUp()))
        .catch((thrown: unknown) => thrown)
      expect(error).to.have.property('code', code)
      expect((error as Error).message).to.match(hint)
      expect(routinesDefault.errors).to.have.property(code)
    })
})

describe('a routine', () => {
  it('runs every interval, counted from its start and not from the end of a run', async () => {
    const node = setUp()
    const { runs, routine } = node.noted(
      'slow',
      100,
      () =>
        new Promise((resolve) => {
          node.clock.setTimeout(resolve as () => void, 70)
        }),
    )
    node.routines.add(routine)
    await node.clock.advance(33)
    node.routines.start('slow')
    node.routines.start('slow')
    await node.clock.advance(450)
    expect(runs).to.deep.equal([133, 233, 333, 433])
    expect(node.routines.get('slow').lastRun).to.equal(node.clock.now() - 50)
  })

  it('never overlaps itself: a run that takes too long leaves out what falls into it', async () => {
    const node = setUp()
    let under = 0
    let most = 0
    const { runs, routine } = node.noted('long', 100, async () => {
      most = Math.max(most, ++under)
      await new Promise<void>((resolve) => {
        node.clock.setTimeout(resolve, 250)
      })
      under--
    })
    node.routines.add(routine)
    node.routines.start('long')
    await node.clock.advance(1000)
    expect(runs).to.deep.equal([100, 400, 700, 1000])
    expect(most).to.equal(1)
    expect(node.log.filter(({ level }) => level === 'warn')).to.have.lengthOf(6)
  })

  it('leaves out the beats of a time in which nothing could run, and keeps to its own', async () => {
    const node = setUp()
    const now = node.clock.now.bind(node.clock)
    let held = 0
    node.clock.now = () => now() + held
    const { runs, routine } = node.noted('beat', 100)
    node.routines.add(routine)
    node.routines.start('beat')
    await node.clock.advance(99)
    held = 350 // the event loop was held for so long: the timer fires late
    await node.clock.advance(1)
    await node.clock.advance(150)
    expect(runs).to.deep.equal([450, 500, 600])
  })

  it('can be retimed while it runs: the new interval counts from now', async () => {
    const node = setUp()
    const { runs, routine } = node.noted('tick', 100)
    node.routines.add(routine)
    node.routines.start('tick')
    await node.clock.advance(250)
    node.routines.setInterval('tick', 40)
    await node.clock.advance(100)
    expect(runs).to.deep.equal([100, 200, 290, 330])
    expect(node.routines.get('tick').interval).to.equal(40)
  })

  it('runs no more once it is stopped, and its run is told', async () => {
    const node = setUp()
    let told: AbortSignal | undefined
    const { runs, routine } = node.noted('tick', 100, (signal) => {
      told = signal
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error)
        })
      })
    })
    node.routines.add(routine)
    node.routines.start('tick')
    await node.clock.advance(150)
    node.routines.stop('tick')
    node.routines.stop('tick')
    expect(told?.aborted).to.equal(true)
    await node.clock.advance(1000)
    expect(runs).to.deep.equal([100])
    expect(node.routines.get('tick')).to.include({ running: false, failures: 0 })
    expect(node.clock.pending).to.equal(0)
    node.routines.start('tick')
    await node.clock.advance(100)
    expect(runs).to.deep.equal([100, 1250])
  })

  it('runs less often the more often it fails, at beats of its own, and as before after a success', async () => {
    const node = setUp()
    let works = false
    const { runs, routine } = node.noted('shaky', 100, () => {
      if (works) return undefined
      if (runs.length % 2 === 0) return Promise.reject(new Error('rejected'))
      throw new P2PNetError('E_MINE', 'thrown')
    })
    node.routines.add(routine)
    node.routines.start('shaky')
    await node.clock.advance(100)
    const first = node.clock.now()
    expect(node.routines.get('shaky')).to.deep.include({
      failures: 1,
      lastRun: first,
      nextRun: first + 200,
      lastError: { code: 'E_MINE', message: 'thrown' },
    })
    await node.clock.advance(200)
    expect(node.routines.get('shaky').lastError).to.deep.equal({ code: 'E_ROUTINE_FAILED', message: 'rejected' })
    await node.clock.advance(6100 - 300)
    const gaps = [100, 200, 400, 800, 1600, 1600]
    expect(runs).to.deep.equal([100, 300, 700, 1500, 3100, 4700])
    expect(runs.map((at, i) => at - (runs[i - 1] ?? 0))).to.deep.equal(gaps)
    expect(node.log.map(({ fields }) => fields).slice(0, 2)).to.deep.equal([
      { routine: 'shaky', failures: 1, error: 'thrown' },
      { routine: 'shaky', failures: 2, error: 'rejected' },
    ])

    works = true
    await node.clock.advance(400)
    expect(runs.slice(6)).to.deep.equal([6300, 6400, 6500])
    expect(node.routines.get('shaky')).to.include({ failures: 0, nextRun: node.clock.now() + 100 })
    expect(node.routines.get('shaky')).not.to.have.property('lastError')
  })

  it('that failed runs one interval after it is started again or retimed', async () => {
    const node = setUp()
    const { runs, routine } = node.noted('shaky', 100, () => Promise.reject(new Error('no')))
    node.routines.add(routine)
    node.routines.start('shaky')
    await node.clock.advance(310)
    node.routines.setInterval('shaky', 50)
    await node.clock.advance(50)
    expect(runs).to.deep.equal([100, 300, 360])
    node.routines.stop('shaky')
    node.routines.start('shaky')
    await node.clock.advance(50)
    expect(runs.at(-1)).to.equal(410)
    expect(node.routines.get('shaky')).to.include({ failures: 4, nextRun: node.clock.now() + 16 * 50 })
  })

  it('that takes too long is told, has failed, and runs at its next beats again', async () => {
    const node = setUp({ timeout: 150 })
    const told: number[] = []
    let under = 0
    const { runs, routine } = node.noted('long', 100, (signal) => {
      under++
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          told.push(node.clock.now())
          under--
          reject(signal.reason as Error)
        })
      })
    })
    const begin = node.clock.now()
    node.routines.add(routine)
    node.routines.start('long')
    await node.clock.advance(249)
    expect(node.routines.get('long')).to.include({ active: true, failures: 0 })
    await node.clock.advance(1)
    expect(node.routines.get('long')).to.deep.include({
      active: false,
      failures: 1,
      nextRun: begin + 300,
      lastError: { code: 'E_ROUTINE_TIMEOUT', message: 'the routine long has run for more than 150 ms' },
    })
    await node.clock.advance(1000)
    expect(runs).to.deep.equal([100, 300, 700])
    expect(told.map((at) => at - begin)).to.deep.equal([250, 450, 850])
    expect(under).to.equal(0)
  })

  it('may say itself how long it takes', async () => {
    const node = setUp({ timeout: 10 })
    const wait = (ms: number) => () =>
      new Promise((resolve) => {
        node.clock.setTimeout(resolve as () => void, ms)
      })
    const { routine } = node.noted('patient', 100, wait(60))
    node.routines.add({ ...routine, timeout: 61 })
    node.routines.start('patient')
    await node.clock.advance(160)
    expect(node.routines.get('patient')).to.include({ active: false, failures: 0 })
    node.routines.add({ ...node.noted('hasty', 100, wait(60)).routine, name: 'hasty' })
    node.routines.start('hasty')
    await node.clock.advance(110)
    expect(node.routines.get('hasty')).to.include({ active: true, failures: 1 })
  })

  it('that does not hear its signal is never run beside itself, counts one failure, and status says so', async () => {
    const node = setUp({ timeout: 50 })
    let end: (() => void) | undefined
    const { runs, routine } = node.noted('deaf', 100, () => new Promise<void>((resolve) => (end = resolve)))
    node.routines.add(routine)
    node.routines.start('deaf')
    await node.clock.advance(1050)
    expect(runs).to.deep.equal([100])
    expect(node.routines.get('deaf')).to.deep.include({ running: true, active: true, failures: 1 })
    expect(node.routines.get('deaf').lastError?.code).to.equal('E_ROUTINE_TIMEOUT')
    node.routines.stop('deaf')
    node.routines.start('deaf')
    await node.clock.advance(150)
    expect(runs).to.deep.equal([100])
    end?.()
    await node.clock.advance(150)
    expect(runs).to.deep.equal([100, 1350])
    expect(node.routines.get('deaf').failures, 'a late success is none').to.equal(1)
  })

  it('waits longer than a timer of Node can', async () => {
    const node = setUp()
    const month = 30 * 86_400_000
    const { runs, routine } = node.noted('monthly', month)
    node.routines.add(routine)
    node.routines.start('monthly')
    await node.clock.advance(2 * month)
    expect(runs).to.deep.equal([month, 2 * month])
  })

  it('runs on when the clock is set back', async () => {
    const node = setUp()
    const now = node.clock.now.bind(node.clock)
    let back = 0
    node.clock.now = () => now() - back
    const { runs, routine } = node.noted('beat', 100)
    node.routines.add(routine)
    node.routines.start('beat')
    await node.clock.advance(150)
    back = 3_600_000
    await node.clock.advance(250)
    expect(runs.map((at) => (at < 0 ? at + back : at))).to.deep.equal([100, 200, 300, 400])
  })

  it('that is removed runs no more, is told, and leaves its name to another', async () => {
    const node = setUp()
    const signals: AbortSignal[] = []
    const { runs, routine } = node.noted('tick', 100, (signal) => {
      signals.push(signal)
      return new Promise(() => undefined)
    })
    const remove = node.routines.add(routine)
    node.routines.start('tick')
    await node.clock.advance(100)
    remove()
    expect(signals[0]?.aborted).to.equal(true)
    expect([...node.routines].map(({ name }) => name)).not.to.include('tick')
    const other = node.noted('tick', 100)
    node.routines.add(other.routine)
    remove()
    node.routines.start('tick')
    await node.clock.advance(100)
    expect([runs, other.runs]).to.deep.equal([[100], [200]])
    node.routines.remove('tick')
    expect(() => node.routines.get('tick')).to.throw('no routine "tick"')
    expect(node.clock.pending).to.be.at.most(1) // of the run that does not end
  })

  it('is skipped when routines.before says so', async () => {
    const asked: unknown[] = []
    const ask = (hook: string, routine: Routine) => {
      if (hook !== 'routines.before') return Promise.resolve(undefined)
      asked.push([routine.name, routine.interval])
      return Promise.resolve(asked.length === 2 ? 'skip' : undefined)
    }
    const node = setUp({}, { network: { ask: ask as never } })
    const { runs, routine } = node.noted('tick', 100)
    node.routines.add(routine)
    node.routines.start('tick')
    await node.clock.advance(300)
    expect(runs).to.deep.equal([100, 300])
    expect(asked).to.deep.equal([
      ['tick', 100],
      ['tick', 100],
      ['tick', 100],
    ])
  })

  it('keeps a node that stops waiting for a while, and does not start after that', async () => {
    const node = setUp()
    const polite = node.noted(
      'polite',
      100,
      (signal) =>
        new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            node.clock.setTimeout(resolve, 50)
          })
        }),
    )
    node.routines.add(polite.routine)
    node.routines.start('polite')
    await node.clock.advance(100)
    let stopped = false
    void node.stop().then(() => {
      stopped = true
    })
    await node.clock.advance(49)
    expect(stopped).to.equal(false)
    await node.clock.advance(1)
    expect(stopped).to.equal(true)
    expect(() => {
      node.routines.start('polite')
    })
      .to.throw('stopped')
      .with.property('code', 'E_STATE')
  })

  it('that does not end is named, and the node stops without it', async () => {
    const node = setUp()
    const deaf = node.noted('deaf', 100, () => new Promise(() => undefined))
    const gone = node.noted('gone', 100, () => new Promise(() => undefined))
    node.routines.add(deaf.routine)
    const remove = node.routines.add(gone.routine)
    node.routines.start('deaf')
    node.routines.start('gone')
    await node.clock.advance(100)
    remove()
    let stopped = false
    void node.stop().then(() => {
      stopped = true
    })
    await node.clock.advance(node.ctx.settings.limits.stopMs)
    expect(stopped).to.equal(true)
    expect(node.log.at(-1)).to.deep.include({ level: 'warn', fields: { error: 'still running: deaf, gone' } })
  })
})

describe('DiscernPeerChannels', () => {
  it('closes what is silent for too long and what the trust policy refuses, and leaves the rest', async () => {
    const refusal = { code: 'E_BLOCKED', reason: 'on the list' }
    const trust = {
      refuses: (identifier: string) => (identifier === 'blocked' ? refusal : undefined),
      refusesAddress: (address: string) => (address === '127.0.0.2' ? refusal : undefined),
    }
    const told: string[] = []
    const node = setUp(
      { start: ['DiscernPeerChannels'] },
      {
        capabilities: { trust: trust as never },
        network: { refuse: ({ code }, peer, hook) => void told.push(`${code} ${peer} ${hook}`) },
      },
    )
    const { idleMs } = node.ctx.settings.limits
    const closed: Record<string, Refusal | undefined> = {}
    const channel = (name: string, silentMs: number, more: Partial<PeerChannel> = {}) =>
      node.node.channels.push({
        peer: { identifier: name, address: '127.0.0.1', port: 1 },
        silentMs: () => silentMs,
        closed: false,
        close: (reason?: Refusal) => {
          closed[name] = reason
          return Promise.resolve()
        },
        ...more,
      } as unknown as PeerChannel)
    channel('lively', 0)
    channel('just quiet', idleMs)
    channel('silent', idleMs + 1)
    channel('silent and closing', idleMs + 1, { closed: true })
    channel('blocked', 0)
    channel('nameless and silent', idleMs + 1, { peer: { address: '127.0.0.1', port: 1 } })
    channel('nameless and blocked', 0, { peer: { address: '127.0.0.2', port: 1 } })
    channel('at a blocked address', 0, { peer: { identifier: 'friend', address: '127.0.0.2', port: 1 } })
    await node.start()
    await node.clock.advance(60_000)
    const idle = { code: 'E_IDLE', reason: `nothing was heard for ${idleMs} ms` }
    expect(closed).to.deep.equal({
      silent: idle,
      blocked: refusal,
      'nameless and silent': idle,
      'nameless and blocked': refusal,
      'at a blocked address': refusal,
    })
    expect(told).to.deep.equal(
      ['E_IDLE silent', 'E_BLOCKED blocked', 'E_IDLE 127.0.0.1', 'E_BLOCKED 127.0.0.2', 'E_BLOCKED friend'].map(
        (what) => `${what} routines.DiscernPeerChannels`,
      ),
    )
    await node.stop()
  })

  it('does without a trust policy', async () => {
    const node = setUp({ start: ['DiscernPeerChannels'] })
    node.node.channels.push(fakeChannel({ peer: { identifier: 'a' }, silentMs: () => 0 }))
    await node.start()
    await node.clock.advance(60_000)
    expect(node.routines.get('DiscernPeerChannels').failures).to.equal(0)
    await node.stop()
  })
})
