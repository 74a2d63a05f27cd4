/**
 * What a process holds in memory, and what it held at most.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answers } from '../harness/worker-process.ts'
import type { Address } from '../harness/driver.ts'
import { bodyOf, type End } from '../harness/end.ts'

/** Two collections, with time between and after them for what they set free to be given back. */
export async function collectTwice(): Promise<void> {
  for (let i = 0; i < 2; i++) {
    globalThis.gc?.()
    await sleep(50)
  }
}

/** Bytes. Of the whole life of the process where the system cannot start anew. */
export function peakRss(): number {
  try {
    const [, kib = ''] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
    return Number(kib) * 1024
  } catch {
    // No Linux.
    return process.resourceUsage().maxRSS * 1024
  }
}

export function resetPeakRss(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // No Linux, or not allowed: the peak is that of the whole life, for every stack alike.
  }
}

export function remembering(end: End): Answers {
  return {
    /** Makes so many links and has a message come back over each, which then rests. */
    async exchange({ address, count, length }: { address: Address; count: number; length: number }) {
      const body = bodyOf({ kind: 'text', length })
      const driver = end.drivers[0] ?? (await end.driver())
      for (let i = 0; i < count; i++) {
        const link = await driver.connect(address, end.receive)
        end.links.push(link)
        await new Promise<void>((resolve) => {
          end.onUnit = () => resolve()
          link.send(body)
        })
      }
    },
    async memory() {
      await collectTwice()
      const { rss, heapUsed } = process.memoryUsage()
      return { rss, heap: heapUsed }
    },
    async peak() {
      return { peak: peakRss(), cpu: end.cpu() }
    },
  }
}
