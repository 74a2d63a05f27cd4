/**
 * What an idle connection costs in memory that is encrypted and whose ends have proved their keys.
 */
import type { Entry } from '../harness/entry.ts'
import { idleMemoryInCrowd } from '../measures/idle-memory-crowd.ts'

const bare = 'bare node:tls, both certificates'
const secure = 'p2pnet, tls + binary, proved keys'
/** As in the last rows of `memory`: among so few connections the young generation would be most of what is seen. */
const youngOf1MiB = ['--max-semi-space-size=1']

export const memoryTls: Entry = {
  name: 'memory-tls',
  title: 'KiB for each idle TLS connection',
  about:
    'As memory, over TLS 1.3 with an Ed25519 certificate on each side, at 150 and at 300 connections, the young generation held at 1 MiB. Every peer is somebody else with a key of its own, since p2pnet keeps one channel to each: one listener is dialled by 320 nodes of another process, then one dialler dials those. CPU is that of connecting, which is mostly the handshake, and of the two messages.',
  columns: [
    { figure: 'listenerHalf', title: 'listener +150', digits: 1 },
    { figure: 'diallerHalf', title: 'dialler +150', digits: 1 },
    { figure: 'listenerFull', title: 'listener +300', digits: 1, ratio: true },
    { figure: 'diallerFull', title: 'dialler +300', digits: 1 },
    { figure: 'listenerHeap', title: 'heap listener', digits: 1 },
    { figure: 'diallerHeap', title: 'heap dialler', digits: 1 },
    { figure: 'listenerCpu', title: 'µs CPU listener', digits: 0 },
    { figure: 'diallerCpu', title: 'µs CPU dialler', digits: 0 },
  ],
  rounds: 15,
  goals: [{ of: secure, against: bare, figure: 'listenerFull', atMost: 1.3 }],
  contenders: async () => [
    idleMemoryInCrowd(bare, { driver: 'node-tls-mutual' }, youngOf1MiB),
    idleMemoryInCrowd('the same again (A/A)', { driver: 'node-tls-mutual' }, youngOf1MiB),
    idleMemoryInCrowd(secure, { driver: 'p2pnet', options: { security: 'secure' } }, youngOf1MiB),
  ],
}
