/**
 * One message to fifty peers.
 */
import type { Entry } from '../harness/entry.ts'
import { throughput } from '../measures/throughput.ts'
import { cpuColumns } from './columns.ts'

const bare = 'bare node:net, batched, JSON each'
const distribution = 'p2pnet, distribution.queuePacket'
const toFifty = (name: string, driver: string) =>
  throughput(name, {
    stack: { driver },
    unit: { kind: 'text', length: 1024 },
    receivers: 50,
    how: 'fanOut',
  })

export const fanOut: Entry = {
  name: 'fan-out',
  title: 'PureMessage of 1 KiB to 50 peers',
  about:
    'One sender, fifty listeners in the receiving process. Bare Node stringifies and batches for each; p2pnet encodes once. Messages are counted at the receivers.',
  columns: [{ figure: 'perSecond', title: 'messages/s', digits: 0, ratio: true }, ...cpuColumns],
  rounds: 15,
  goals: [{ of: distribution, against: bare, figure: 'perSecond', atLeast: 1 }],
  contenders: async () => [
    toFifty(bare, 'node-tcp'),
    toFifty('the same again (A/A)', 'node-tcp'),
    toFifty(distribution, 'p2pnet'),
  ],
}
