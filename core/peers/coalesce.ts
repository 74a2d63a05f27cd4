/**
 * Frames to chunks: heads and small payloads in one buffer, large payloads by reference, in order.
 */
import type { Frame } from '../packets/wire.ts'

/** Payloads below this are copied into the batch; a copy is cheaper than another buffer in the write. */
const copyBelow = 4096

export function coalesce(batch: readonly Frame[]): Uint8Array[] {
  const [first] = batch
  if (first === undefined) return []
  if (batch.length === 1 && first.payload === undefined) return [first.head]
  const chunks: Uint8Array[] = []
  let start = 0
  let size = 0
  const close = (end: number) => {
    if (size > 0) chunks.push(join(batch, start, end, size))
    start = end
    size = 0
  }
  for (let i = 0; i < batch.length; i++) {
    const { head, payload } = batch[i] as Frame
    size += head.byteLength
    if (payload === undefined) continue
    if (payload.byteLength < copyBelow) {
      size += payload.byteLength
      continue
    }
    close(i + 1)
    chunks.push(payload)
  }
  close(batch.length)
  return chunks
}

/** The heads and small payloads of batch[start..end) in one buffer of `size` bytes. */
function join(batch: readonly Frame[], start: number, end: number, size: number): Buffer {
  const slab = Buffer.allocUnsafe(size)
  let at = 0
  for (let i = start; i < end; i++) {
    const { head, payload } = batch[i] as Frame
    slab.set(head, at)
    at += head.byteLength
    if (payload === undefined || payload.byteLength >= copyBelow) continue
    slab.set(payload, at)
    at += payload.byteLength
  }
  return slab
}
