/**
 * A file of 64 MiB to two receivers, on disk and hashed, against bare pipes between the same processes.
 */
import type { Entry } from '../harness/entry.ts'
import { fileTransfer } from '../measures/file-transfer.ts'

const bytes = 64 * 1024 * 1024

export const file: Entry = {
  name: 'file',
  title: '64 MiB to two receivers',
  about: 'A file to two receiving processes, stored and hashed by both. Bare Node pipes it.',
  columns: [
    { figure: 'mbPerSecond', title: 'MB/s each', digits: 0, ratio: true },
    { figure: 'senderCpu', title: 'µs CPU tx a MB', digits: 0 },
    { figure: 'receiverCpu', title: 'µs CPU rx a MB', digits: 0 },
  ],
  rounds: 15,
  goals: [],
  contenders: async () => [
    fileTransfer('bare pipes, SHA-256', 'node-pipe', bytes),
    fileTransfer('the same again (A/A)', 'node-pipe', bytes),
    fileTransfer('p2pnet, files-transfer', 'p2pnet-file', bytes),
  ],
}
