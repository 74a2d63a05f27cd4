/**
 * Frames to chunks: what lies side by side in memory already leaves as it is, small pieces are gathered in one buffer,
 * large ones go by reference; all in order.
 */
import type { Frame } from '../packets/wire.ts'

/** Pieces below this are copied into the batch; a copy is cheaper than another buffer in the write. */
const copyBelow = 4096

/** A stretch of memory, perhaps of several frames. */
interface Run {
  readonly buffer: ArrayBufferLike
  readonly start: number
  end: number
}

export function coalesce(batch: readonly Frame[]): Uint8Array[] {
  const [only] = batch
  // One message in a turn of its own is what latency is made of.
  if (only !== undefined && batch.length === 1 && only.payload === undefined) return [only.head]
  const runs = runsOf(batch)
  const chunks: Uint8Array[] = []
  let small: Run[] = []
  const gather = () => {
    if (small.length > 0) chunks.push(small.length === 1 ? viewOf(small[0] as Run) : join(small))
    small = []
  }
  for (const run of runs) {
    if (run.end - run.start < copyBelow) small.push(run)
    else {
      gather()
      chunks.push(viewOf(run))
    }
  }
  gather()
  return chunks
}

/** Heads are cut one after the other from one slab (see the wire), so most of a batch is one run. */
function runsOf(batch: readonly Frame[]): Run[] {
  const runs: Run[] = []
  let last: Run | undefined
  const add = (buffer: ArrayBufferLike, start: number, end: number) => {
    if (last?.end === start && last.buffer === buffer) last.end = end
    else runs.push((last = { buffer, start, end }))
  }
  const addView = ({ buffer, byteOffset, byteLength }: Uint8Array) => {
    add(buffer, byteOffset, byteOffset + byteLength)
  }
  for (const frame of batch) {
    const { memory, from, to, payload } = frame
    if (memory === undefined || from === undefined || to === undefined) addView(frame.head)
    else add(memory, from, to)
    if (payload !== undefined) addView(payload)
  }
  return runs
}

const viewOf = ({ buffer, start, end }: Run): Uint8Array => Buffer.from(buffer, start, end - start)

function join(runs: readonly Run[]): Buffer {
  const bytes = Buffer.allocUnsafe(runs.reduce((sum, { start, end }) => sum + end - start, 0))
  let at = 0
  for (const run of runs) {
    bytes.set(viewOf(run), at)
    at += run.end - run.start
  }
  return bytes
}
