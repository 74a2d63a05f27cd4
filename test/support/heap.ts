/** Memory that is really held: what nobody refers to is collected first, twice. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export function collect(): void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  gc()
}

/** Bytes of objects and buffers. */
export function held(): number {
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
