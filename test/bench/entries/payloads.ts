/**
 * Payloads of 64 KiB by reference, against bare TCP that does the same.
 */
import type { Stack } from '../harness/driver.ts'
import type { Entry } from '../harness/entry.ts'
import { throughput } from '../measures/throughput.ts'
import { cpuColumns } from './columns.ts'

const bare = 'bare node:net, views'
/**
 * V8 collects everything, again and again, while a process reads from a socket and holds more than about 8 MB of objects:
 * what it reads counts as if it were held. A control that holds next to nothing is spared that; any real program is not.
 */
const heldObjects = 50_000
const inProgram = 'bare node:net, views, in a program of 10 MB'
const whole = 'bare node:net, in one piece, in a program of 10 MB'
const free = 'p2pnet, MiscData, no window'
const windowed = 'p2pnet, File, default window'
const tls = 'bare node:tls, views'
const secure = 'p2pnet over tls, MiscData, no window'
const inOnePiece = (name: string) => `${name}, in one piece`
const payload = (name: string, driver: string, options: NonNullable<Stack['options']>) =>
  throughput(name, { stack: { driver, options }, unit: { kind: 'bytes', length: 65_536 } })

export const payloads: Entry = {
  name: 'payloads',
  title: 'DataTransmission of 64 KiB',
  about:
    'One way. Bare Node writes a length and the payload by reference, and hands on views of what it reads, or puts each payload together in one piece. p2pnet’s receiver takes them in a plugin’s handler, as views that it borrows and gives back, or by the packet’s field. MiscData travels with the messages; File is bulk, under the window that the receiver refills.',
  columns: [{ figure: 'mbPerSecond', title: 'MB/s', digits: 0, ratio: true }, ...cpuColumns],
  rounds: 15,
  goals: [
    ...[bare, inProgram].flatMap((against) => [
      { of: free, against, figure: 'mbPerSecond', atLeast: 1 },
      { of: windowed, against, figure: 'mbPerSecond', atLeast: 0.85 },
    ]),
    { of: secure, against: tls, figure: 'mbPerSecond', atLeast: 0.95 },
    { of: inOnePiece(free), against: whole, figure: 'mbPerSecond', atLeast: 1 },
    { of: inOnePiece(windowed), against: whole, figure: 'mbPerSecond', atLeast: 0.85 },
  ],
  contenders: async () => [
    payload(bare, 'node-tcp', { carries: 'views' }),
    payload('the same again (A/A)', 'node-tcp', { carries: 'views' }),
    payload(inProgram, 'node-tcp', { carries: 'views', holds: heldObjects }),
    payload(whole, 'node-tcp', { carries: 'pieces', holds: heldObjects }),
    payload(tls, 'node-tls', { carries: 'views' }),
    payload(free, 'p2pnet', { dataType: 'MiscData', carries: 'views' }),
    payload(secure, 'p2pnet', { security: 'secure', dataType: 'MiscData', carries: 'views' }),
    payload(inOnePiece(free), 'p2pnet', { dataType: 'MiscData' }),
    payload('p2pnet, File, window of 1 GiB', 'p2pnet', { dataType: 'File', carries: 'views', windowBytes: 2 ** 30 }),
    payload(windowed, 'p2pnet', { dataType: 'File', carries: 'views' }),
    payload(inOnePiece(windowed), 'p2pnet', { dataType: 'File' }),
  ],
}
