/**
 * What the demo shows: a progress bar while the file moves, a table at the end.
 */
import { Presets, SingleBar } from 'cli-progress'
import Table from 'cli-table3'

export interface DemoResult {
  readonly nodes: number
  readonly discovered: number
  readonly trusted: number
  readonly discoverMs: number
  readonly trustMs: number
  readonly messages: number
  readonly file: {
    readonly name: string
    readonly bytes: number
    readonly receivers: number
    readonly sha256: string
    readonly sha256Equal: boolean
    readonly mbPerSecond: number
  }
}

/** Counts the bytes handed out to all receivers. */
export function progressBar(bytes: number): SingleBar {
  const mib = (value: number) => (value / 1_048_576).toFixed(0)
  const bar = new SingleBar(
    {
      format: 'Sending [{bar}] {percentage} %  {value} of {total} MiB',
      formatValue: (v, _o, type) => (type === 'percentage' ? String(v) : mib(v)),
    },
    Presets.shades_classic,
  )
  bar.start(bytes, 0)
  return bar
}

export function table(result: DemoResult): string {
  const { file } = result
  const rows = new Table({ head: ['what', 'result'], style: { head: [], border: [] } })
  rows.push(
    ['nodes', String(result.nodes)],
    ['time to discover', `${String(result.discoverMs)} ms`],
    ['time to trust', `${String(result.trustMs)} ms`],
    ['messages', String(result.messages)],
    ['file', `${file.name}, ${(file.bytes / 1_048_576).toFixed(0)} MiB to ${String(file.receivers)} receivers`],
    ['speed', `${file.mbPerSecond.toFixed(1)} MB/s each`],
    ['SHA-256', `${file.sha256.slice(0, 16)}… ${file.sha256Equal ? 'equal everywhere' : 'DIFFERS'}`],
  )
  return rows.toString()
}
