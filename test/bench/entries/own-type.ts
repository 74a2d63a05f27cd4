/**
 * A packet type of a plugin's own, for which no wire has a codec: its fields travel as JSON.
 */
import type { Entry } from '../harness/entry.ts'
import { throughput } from '../measures/throughput.ts'
import { cpuColumns } from './columns.ts'

const bare = 'bare node:net, batched, JSON'
const own = 'p2pnet, tcp + binary'
const note = (name: string, driver: string) =>
  throughput(name, { stack: { driver, options: { type: 'Note' } }, unit: { kind: 'text', length: 128 } })

export const ownType: Entry = {
  name: 'own-type',
  title: 'a plugin’s own packet type, text of 128 B',
  about: 'As messages, but of a type that a plugin registers with a schema, so that its fields travel as JSON.',
  columns: [{ figure: 'perSecond', title: 'messages/s', digits: 0, ratio: true }, ...cpuColumns],
  rounds: 15,
  goals: [{ of: own, against: bare, figure: 'perSecond', atLeast: 0.9 }],
  contenders: async () => [note(bare, 'node-tcp'), note('the same again (A/A)', 'node-tcp'), note(own, 'p2pnet')],
}
