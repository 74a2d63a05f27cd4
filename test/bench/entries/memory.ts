/**
 * What an idle connection costs in memory.
 */
import type { Entry } from '../harness/entry.ts'
import { idleMemory } from '../measures/idle-memory.ts'

const bare = 'bare node:net'
const binary = 'p2pnet, tcp + binary'
const small = (name: string) => `${name}, young generation of 1 MiB`
/**
 * V8 lets the young generation grow by up to 32 MiB once enough garbage survives a while, and never gives that back: a
 * cost of the process, which among a thousand connections looks like 32 KiB for each.
 */
const youngOf1MiB = ['--max-semi-space-size=1']

export const memory: Entry = {
  name: 'memory',
  title: 'KiB for each idle connection',
  about:
    'Resident memory after two collections, at 500 and at 1000 connections between two processes; each connection has carried a message both ways before it rests. Heap is what JavaScript holds of it at 1000. V8’s young generation grows once and for all while many connections are made, by more than they take; the last rows hold it at its smallest. CPU is that of connecting and of the two messages.',
  columns: [
    { figure: 'listenerHalf', title: 'listener +500', digits: 1 },
    { figure: 'diallerHalf', title: 'dialler +500', digits: 1 },
    { figure: 'listenerFull', title: 'listener +1000', digits: 1 },
    { figure: 'diallerFull', title: 'dialler +1000', digits: 1 },
    { figure: 'bothFull', title: 'both +1000', digits: 1, ratio: true },
    { figure: 'listenerHeap', title: 'heap listener', digits: 1 },
    { figure: 'diallerHeap', title: 'heap dialler', digits: 1 },
    { figure: 'listenerCpu', title: 'µs CPU listener', digits: 0 },
    { figure: 'diallerCpu', title: 'µs CPU dialler', digits: 0 },
  ],
  rounds: 15,
  goals: ['listenerFull', 'diallerFull'].flatMap((figure) => [
    { of: binary, against: bare, figure, atMost: 2 },
    { of: small(binary), against: small(bare), figure, atMost: 2 },
  ]),
  contenders: async () => [
    idleMemory(bare, { driver: 'node-tcp' }),
    idleMemory('the same again (A/A)', { driver: 'node-tcp' }),
    idleMemory(binary, { driver: 'p2pnet' }),
    idleMemory(small(bare), { driver: 'node-tcp' }, youngOf1MiB),
    idleMemory(small(binary), { driver: 'p2pnet' }, youngOf1MiB),
  ],
}
