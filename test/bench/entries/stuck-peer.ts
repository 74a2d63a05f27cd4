/**
 * One peer never reads while others get a broadcast.
 */
import type { Entry } from '../harness/entry.ts'
import { stuckPeer as measure } from '../measures/stuck-peer.ts'

const bare = 'bare node:net'
const p2pnet = 'p2pnet, tcp + binary'
/** In GiB. */
const scale = Number(process.env.BENCH_SCALE ?? 1 / 8)
const bytes = scale * 2 ** 30

export const stuckPeer: Entry = {
  name: 'stuck-peer',
  title: `${String(bytes / 2 ** 20)} MiB to three peers, and to one that never reads`,
  about:
    'Payloads of 64 KiB, each of memory of its own, as fast as the three take them. The bare broadcaster leaves the stuck one out once 512 KiB wait for it. The three have to get everything, in order. Peak is the most that was resident; growth is what that lies above what was resident before.',
  columns: [
    { figure: 'peak', title: 'peak MiB', digits: 1, ratio: true },
    { figure: 'growth', title: 'growth MiB', digits: 1 },
    { figure: 'mbPerSecond', title: 'MB/s in all', digits: 0 },
    { figure: 'senderCpu', title: 'µs CPU tx a MB', digits: 0 },
    { figure: 'receiverCpu', title: 'µs CPU rx a MB', digits: 0 },
  ],
  rounds: 15,
  goals: ['peak', 'growth'].map((figure) => ({ of: p2pnet, against: bare, figure, by: 'difference', atMost: 16 })),
  contenders: async () => [
    measure(bare, { driver: 'node-tcp', options: { carries: 'pieces', queueBytes: 524_288 } }, bytes),
    measure('the same again (A/A)', { driver: 'node-tcp', options: { carries: 'pieces', queueBytes: 524_288 } }, bytes),
    measure(p2pnet, { driver: 'p2pnet' }, bytes),
  ],
}
