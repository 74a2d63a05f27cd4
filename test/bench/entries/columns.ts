/**
 * Columns that several entries have.
 */
import type { Column } from '../harness/report.ts'

/** CPU of both ends, for each unit. */
export const cpuColumns: readonly Column[] = [
  { figure: 'senderCpu', title: 'µs CPU tx', digits: 2 },
  { figure: 'receiverCpu', title: 'µs CPU rx', digits: 2 },
]
