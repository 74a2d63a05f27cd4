// The clock that other tests stand on.
import { setImmediate } from 'node:timers/promises'
import { expect } from 'chai'
import fc from 'fast-check'
import { VirtualClock } from './virtual-clock.ts'

describe('the virtual clock', () => {
  it('runs timers in the order they are due, and of one moment in the order they were set', async () => {
    const delays = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(delays, async (all) => {
        const clock = new VirtualClock(0)
        const ran: [number, number][] = []
        all.forEach((ms, i) => clock.setTimeout(() => ran.push([clock.now(), i]), ms))
        await clock.advance(20)
        const expected = all.map((ms, i) => [ms, i] as [number, number]).sort((a, b) => a[0] - b[0] || a[1] - b[1])
        expect(ran).to.deep.equal(expected)
      }),
      { seed: 1 },
    )
  })

  it('finishes what promises have in hand before the next timer, and runs what is set on the way', async () => {
    const clock = new VirtualClock(0)
    const trace: string[] = []
    clock.setTimeout(() => {
      void (async () => {
        await setImmediate()
        trace.push(`after an await at ${clock.now()}`)
        clock.setTimeout(() => trace.push(`set on the way, at ${clock.now()}`), 5)
      })()
    }, 10)
    clock.setTimeout(() => trace.push(`next at ${clock.now()}`), 11)
    await clock.advance(15)
    expect(trace).to.deep.equal(['after an await at 10', 'next at 11', 'set on the way, at 15'])
  })

  it('repeats an interval until it is cleared, and runs nothing that was cleared', async () => {
    const clock = new VirtualClock(0)
    const times: number[] = []
    const interval = clock.setInterval(() => {
      times.push(clock.now())
      if (times.length === 3) clock.clear(interval)
    }, 10)
    clock.clear(clock.setTimeout(() => times.push(-1), 5))
    await clock.advance(100)
    expect(times).to.deep.equal([10, 20, 30])
    expect([clock.pending, clock.now()]).to.deep.equal([0, 100])
  })
})
