/**
 * What an idle connection costs in memory.
 */
import type { Entry } from '../harness/entry.ts'
import { idleMemory } from '../measures/idle-memory.ts'

const bare = 'bare node:net'
const binary = 'p2pnet, tcp + binary'

export const memory: Entry = {
  name: 'memory',
  title: 'KiB for each idle connection',
  about:
    'Resident memory after two collections, at 500 and at 1000 connections between two processes; each connection has carried a message both ways before it rests. Heap is what JavaScript holds of it at 1000. CPU is that of connecting and of the two messages.',
  columns: [
    { figure: 'listener500', title: 'listener +500', digits: 1 },
    { figure: 'dialler500', title: 'dialler +500', digits: 1 },
    { figure: 'listener1000', title: 'listener +1000', digits: 1 },
    { figure: 'dialler1000', title: 'dialler +1000', digits: 1 },
    { figure: 'both1000', title: 'both +1000', digits: 1, ratio: true },
    { figure: 'listenerHeap', title: 'heap listener', digits: 1 },
    { figure: 'diallerHeap', title: 'heap dialler', digits: 1 },
    { figure: 'listenerCpu', title: 'µs CPU listener', digits: 0 },
    { figure: 'diallerCpu', title: 'µs CPU dialler', digits: 0 },
  ],
  rounds: 15,
  goals: ['listener1000', 'dialler1000'].map((figure) => ({ of: binary, against: bare, figure, atMost: 2 })),
  contenders: async () => [
    idleMemory(bare, { driver: 'node-tcp' }),
    idleMemory('the same again (A/A)', { driver: 'node-tcp' }),
    idleMemory(binary, { driver: 'p2pnet' }),
  ],
}
