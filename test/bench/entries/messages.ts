/**
 * Small messages through the whole pipeline, against bare TCP that batches, stringifies and parses the same packet.
 */
import { throughput } from '../harness/link.ts'
import type { Entry } from '../harness/entry.ts'

export const messages: Entry = {
  name: 'messages',
  title: 'PureMessage of 128 B',
  columns: [
    { figure: 'perSecond', title: 'messages/s', digits: 0, ratio: true },
    { figure: 'senderCpu', title: 'µs CPU tx', digits: 2 },
    { figure: 'receiverCpu', title: 'µs CPU rx', digits: 2 },
  ],
  rounds: 21,
  contenders: async () => [
    throughput('bare node:net, batched, JSON', 'node-tcp', 'messages', 400),
    throughput('the same again (A/A)', 'node-tcp', 'messages', 400),
    throughput('p2pnet, tcp + binary', 'p2pnet-tcp', 'messages', 400),
  ],
}
