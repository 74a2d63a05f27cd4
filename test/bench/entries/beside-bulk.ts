/**
 * A small message while a file fills the same channel.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Entry } from '../harness/entry.ts'
import { Pair } from '../harness/pair.ts'
import { coresToPinTo } from '../harness/worker-process.ts'
import { besideBulk as measure } from '../measures/beside-bulk.ts'

const idle = 'idle channel'
const payloads = 'beside payloads of 64 KiB'
const files = 'beside a file'
const fileBytes = 32 * 1024 * 1024

export const besideBulk: Entry = {
  name: 'beside-bulk',
  title: 'PureMessage of 128 B, one way',
  about:
    'One every 2 ms over one p2pnet channel, sender and receiver each on a core of its own: the channel idle, filled with payloads of the bulk lane, or with a file that distributeFile sends again and again, stored and hashed by the receiver.',
  columns: [
    { figure: 'p50', title: 'p50 µs', digits: 0, ratio: true },
    { figure: 'p99', title: 'p99 µs', digits: 0 },
    { figure: 'mbPerSecond', title: 'bulk MB/s', digits: 0 },
    { figure: 'senderCpu', title: '% CPU tx', digits: 0 },
    { figure: 'receiverCpu', title: '% CPU rx', digits: 0 },
  ],
  rounds: 15,
  goals: [payloads, files].flatMap((of) => [
    { of, against: idle, figure: 'p50', atMost: 2 },
    { of, against: idle, figure: 'p99', atMost: 4 },
  ]),
  async contenders(leftOut) {
    const [first, second] = coresToPinTo()
    const pinned = first !== undefined && second !== undefined
    if (!pinned) leftOut('Without Linux, taskset and two cores, the ends are not held on a core each.')
    const directory = await mkdtemp(path.join(tmpdir(), 'p2pnet-bench-'))
    const file = path.join(directory, 'file.bin')
    await writeFile(file, randomBytes(fileBytes))
    const pair = new Pair({
      stack: { driver: 'p2pnet', options: { dataType: 'File', files: true } },
      cores: pinned ? [first, second] : undefined,
    })
    return [
      measure(pair, idle, {}),
      measure(pair, 'the same again (A/A)', {}),
      measure(pair, payloads, { bulk: 'payloads' }),
      {
        ...measure(pair, files, { bulk: 'file', file }, fileBytes),
        async close() {
          await pair.close()
          await rm(directory, { recursive: true, force: true })
        },
      },
    ]
  },
}
