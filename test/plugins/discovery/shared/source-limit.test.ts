// Limits that hold whatever a flood looks like.
import { expect } from 'chai'
import fc from 'fast-check'
import { SourceLimit } from '../../../../plugins/discovery/shared/source-limit.ts'
import { Lru } from '../../../../plugins/discovery/shared/lru.ts'

describe('the rate of one address', () => {
  it('never exceeds its burst and what has come since, in any order of arrivals', () => {
    const arrivals = fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 3 })), {
      maxLength: 300,
    })
    fc.assert(
      fc.property(arrivals, (gaps) => {
        const limit = new SourceLimit({ burst: 10, perSecond: 5 })
        const copy = new SourceLimit({ burst: 10, perSecond: 5 })
        const admitted = new Map<number, number>()
        let now = 1000
        for (const [gap, source] of gaps) {
          now += gap
          expect(limit.isSpent(`10.0.0.${source}`, now), 'told before').to.equal(!copy.admits(`10.0.0.${source}`, now))
          if (limit.admits(`10.0.0.${source}`, now)) admitted.set(source, (admitted.get(source) ?? 0) + 1)
        }
        for (const count of admitted.values()) expect(count).to.be.at.most(10 + ((now - 1000) * 5) / 1000)
      }),
      { seed: 1 },
    )
  })

  for (const rate of [
    { burst: 10, perSecond: 5 },
    { burst: 24, perSecond: 15 },
    { burst: 1000, perSecond: 1000 },
  ]) {
    const what = `${rate.burst} and ${rate.perSecond} a second`

    it(`of ${what} is what one may say, and leaves room for another`, () => {
      const limit = new SourceLimit(rate)
      let admitted = 0
      for (let i = 0; i < 3000; i++) if (limit.admits('10.0.0.1', 0)) admitted++
      expect(admitted).to.equal(rate.burst)
      expect(limit.admits('10.0.0.2', 0)).to.equal(true)
    })

    it(`of ${what} lets twenty talkers silence nobody who says little`, () => {
      const limit = new SourceLimit(rate)
      let heard = 0
      for (let ms = 0; ms < 60_000; ms += 10) {
        const words = Math.ceil(rate.perSecond / 30) // three times what one may say
        for (let i = 0; i < 20; i++) for (let j = 0; j < words; j++) limit.admits(`10.0.0.${i}`, ms)
        if (ms % 1000 === 0 && limit.admits(`10.0.1.${ms / 1000}`, ms)) heard++
      }
      expect(heard, 'of 60 who say one word each').to.be.at.least(55)
    })
  }

  it('is bounded in all, however many addresses there are', () => {
    const limit = new SourceLimit({ burst: 10, perSecond: 5 })
    let admitted = 0
    for (let i = 0; i < 100_000; i++) if (limit.admits(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 5000)) admitted++
    expect(admitted).to.equal(20)
  })
})

describe('a map with a bound', () => {
  it('forgets what was not used for longest', () => {
    const map = new Lru<number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.get('a')
    map.set('c', 3)
    expect([map.get('a'), map.get('b'), map.get('c')]).to.deep.equal([1, undefined, 3])
  })

  it('never holds more than its bound', () => {
    const keys = fc.array(fc.string({ maxLength: 2 }), { maxLength: 200 })
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 8 }), (all, bound) => {
        const map = new Lru<true>(bound)
        for (const key of all) map.set(key, true)
        expect(map.size).to.equal(Math.min(bound, new Set(all).size))
      }),
      { seed: 1 },
    )
  })
})
