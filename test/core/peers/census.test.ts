import { expect } from 'chai'
import { Census } from '../../../core/peers/census.ts'

describe('a census', () => {
  const four = [
    { address: '10.0.0.1', inbound: true },
    { address: '10.0.0.1', inbound: false },
    { address: '2001:db8:0:100::1', inbound: true },
    { address: '2001:db8:0:1ff::2', inbound: true },
  ]

  it('counts in all, by direction and by group', () => {
    const census = new Census()
    for (const one of four) census.add(one)
    expect(census.total).to.equal(4)
    expect([census.count(true), census.count(false)]).to.deep.equal([3, 1])
    expect(census.inGroup('10.0.0.1')).to.equal(2)
    expect(census.inGroup('2001:db8:0:100/56'), 'one household').to.equal(2)
    expect(census.inGroup('10.0.0.2')).to.equal(0)
  })

  it('is empty again when all have gone', () => {
    const census = new Census()
    for (const one of four) census.add(one)
    for (const one of four) census.remove(one)
    expect([census.total, census.count(true), census.inGroup('10.0.0.1')]).to.deep.equal([0, 0, 0])
  })
})
