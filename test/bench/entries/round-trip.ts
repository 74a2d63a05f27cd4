/**
 * A small message there and back, both ends on one core: what the software costs, without the wake-up of another core.
 */
import type { Stack } from '../harness/driver.ts'
import type { Entry } from '../harness/entry.ts'
import type { UnitSpec } from '../harness/end.ts'
import { coresToPinTo } from '../harness/worker-process.ts'
import { roundTrip as measure } from '../measures/round-trip.ts'
import { cpuColumns } from './columns.ts'

const bare = 'bare node:net, 128 B'
const json = 'bare node:net, JSON'
const binary = 'p2pnet, tcp + binary'

export const roundTrip: Entry = {
  name: 'round-trip',
  title: 'PureMessage of 128 B, there and back',
  about: 'One at a time, both ends pinned to one core. Bare Node sends as many raw bytes, or the packet as JSON.',
  columns: [
    { figure: 'p50', title: 'p50 µs', digits: 1, ratio: true },
    { figure: 'p99', title: 'p99 µs', digits: 0 },
    ...cpuColumns,
  ],
  rounds: 15,
  goals: [
    { of: binary, against: bare, figure: 'p50', atMost: 1.15 },
    { of: binary, against: json, figure: 'p50', atMost: 1.15 },
  ],
  async contenders(leftOut) {
    const [core] = coresToPinTo()
    if (core === undefined) {
      leftOut('Round trips are left out: they need Linux and taskset, to hold both ends on one core.')
      return []
    }
    const trip = (name: string, driver: string, kind: UnitSpec['kind'], options: Stack['options'] = {}) =>
      measure(name, { stack: { driver, options }, unit: { kind, length: 128 }, cores: [core, core] })
    return [
      trip(bare, 'node-tcp', 'bytes', { carries: 'pieces' }),
      trip('the same again (A/A)', 'node-tcp', 'bytes', { carries: 'pieces' }),
      trip(json, 'node-tcp', 'text', { batched: false }),
      trip(binary, 'p2pnet', 'text'),
    ]
  },
}
