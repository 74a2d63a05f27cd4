/**
 * From a TCP connect until both ends of a channel know who the other is and can use it.
 */
import type { Stack } from '../harness/driver.ts'
import type { Entry } from '../harness/entry.ts'
import { setUp as measure } from '../measures/set-up.ts'
import { ifInstalled } from './peers.ts'

const bare = 'bare node:tls, both certificates'
const secure = 'p2pnet, tls + proved keys'
const noise = 'js-libp2p, noise + yamux'
const atOnce = 8
const together = (name: string) => `${name}, ${String(atOnce)} at once`
const singly = (name: string) => name

const stacks = {
  [bare]: { driver: 'node-tls-mutual' },
  [secure]: { driver: 'p2pnet', options: { security: 'secure' } },
  [noise]: { driver: 'libp2p', options: { encryption: 'noise' } },
} satisfies Record<string, Stack>

const contender = (name: keyof typeof stacks) => measure(name, { stack: stacks[name] })
const contenderTogether = (name: keyof typeof stacks) => measure(together(name), { stack: stacks[name], atOnce })

export const setUp: Entry = {
  name: 'set-up',
  title: 'set-up of an authenticated channel',
  about:
    'From the TCP connect until both ends have proved their keys, looked at the other’s, and the dialler knows that it was let in: TLS 1.3 with an Ed25519 certificate on each side and, bare, one byte each way; in p2pnet the two messages of handshake-key until the channel is trusted; in js-libp2p the Noise handshake, the choice of yamux, and one stream of one protocol, without identify. One after another, or eight at once to eight listeners in the other process. Closing is not timed, but its CPU counts, as does that of a message sent over each channel, which has to arrive.',
  columns: [
    { figure: 'perSecond', title: 'set-ups/s', digits: 0, ratio: true },
    { figure: 'p50', title: 'p50 ms', digits: 2 },
    { figure: 'diallerCpu', title: 'µs CPU dialler', digits: 0 },
    { figure: 'listenerCpu', title: 'µs CPU listener', digits: 0 },
  ],
  rounds: 15,
  goals: [singly, together].flatMap((how) => [
    { of: how(secure), against: how(bare), figure: 'perSecond', atLeast: 0.8 },
    { of: how(secure), against: how(noise), figure: 'perSecond', atLeast: 4 },
  ]),
  contenders: async (leftOut) => [
    contender(bare),
    measure('the same again (A/A)', { stack: stacks[bare] }),
    contender(secure),
    ...ifInstalled(leftOut, () => [contender(noise)]),
    contenderTogether(bare),
    contenderTogether(secure),
    ...ifInstalled(
      () => undefined,
      () => [contenderTogether(noise)],
    ),
  ],
}
