import { expect } from 'chai'
import { PingSession, type PingVerdict } from '../../../../plugins/trust/handshake-ping/session.ts'

const rules = { pings: 3, intervalMs: 1000 }

/** Heard at these times (ms), after so many of our own were sent. */
const heard: { what: string; at: number[]; sent: number; verdict: PingVerdict; answers?: number }[] = [
  { what: 'nothing', at: [], sent: 3, verdict: 'pinging' },
  { what: 'two', at: [0, 1000], sent: 3, verdict: 'pinging' },
  { what: 'three, just far enough apart', at: [0, 1000, 2000], sent: 3, verdict: 'pinged' },
  { what: 'three, one of them a millisecond early', at: [0, 1000, 1999], sent: 3, verdict: 'pinging' },
  { what: 'three at once', at: [5, 5, 5], sent: 3, verdict: 'pinging' },
  { what: 'twenty within a second', at: Array.from({ length: 20 }, (_, i) => i), sent: 3, verdict: 'pinging' },
  { what: 'twenty-one, however they lie', at: Array.from({ length: 21 }, (_, i) => i), sent: 3, verdict: 'failed' },
  {
    what: 'twenty-one in good order',
    at: Array.from({ length: 21 }, (_, i) => i * 1000),
    sent: 3,
    verdict: 'failed',
    answers: 17,
  },
  { what: 'an early one, and then three in good order', at: [0, 10, 1000, 2000], sent: 0, verdict: 'pinged' },
  { what: 'one more after all of ours', at: [0, 1000, 2000, 3000], sent: 3, verdict: 'pinged', answers: 1 },
  {
    what: 'one more while ours are still going out',
    at: [0, 1000, 2000, 3000],
    sent: 2,
    verdict: 'pinged',
    answers: 0,
  },
  {
    what: 'one more after we have sent twice as many',
    at: [0, 1000, 2000, 3000],
    sent: 6,
    verdict: 'pinged',
    answers: 0,
  },
]

/** Of our own: how many go out, by what was heard meanwhile. */
const sending: { what: string; at: number[]; goOut: number }[] = [
  { what: 'hears nothing', at: [], goOut: 6 },
  { what: 'hears too little', at: [0, 1000], goOut: 6 },
  { what: 'has heard enough before its first', at: [0, 1000, 2000], goOut: 3 },
  { what: 'hears a flood', at: Array.from({ length: 21 }, () => 0), goOut: 0 },
]

describe('a session of pings', () => {
  for (const { what, at, sent, verdict, answers = 0 } of heard)
    it(`that heard ${what} is ${verdict}`, () => {
      const session = new PingSession(rules)
      for (let i = 0; i < sent; i++) session.sent()
      expect(at.filter((now) => session.hear(now)).length).to.equal(answers)
      expect(session.verdict).to.equal(verdict)
    })

  for (const { what, at, goOut } of sending)
    it(`that ${what} sends ${String(goOut)}`, () => {
      const session = new PingSession(rules)
      for (const now of at) session.hear(now)
      let count = 0
      for (; session.sendsMore && count < 100; count++) {
        expect(session.isHeard).to.equal(count >= 3)
        session.sent()
      }
      expect(count).to.equal(goOut)
    })

  it('never goes back: who was pinged stays so, who failed stays so', () => {
    const pinged = new PingSession(rules)
    for (const now of [0, 1000, 2000, 2001, 2002]) pinged.hear(now)
    expect(pinged.verdict).to.equal('pinged')
    const failed = new PingSession(rules)
    for (let i = 0; i < 40; i++) failed.hear(i * 1000)
    expect(failed.verdict).to.equal('failed')
  })
})
