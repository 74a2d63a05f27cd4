/**
 * What a process holds in memory, and what it held at most.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answers } from '../harness/worker-process.ts'
import type { Address, Driver, Link } from '../harness/driver.ts'
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
  /** A link over which a message has come back, and which then rests. */
  const exchange = async (driver: Driver, address: Address, length: number): Promise<Link> => {
    const link = await driver.connect(address, end.receive)
    await new Promise<void>((resolve) => {
      end.onUnit = () => resolve()
      link.send(bodyOf({ kind: 'text', length }))
    })
    return link
  }
  return {
    /** Makes a link to each address. */
    async exchange({ addresses, length }: { addresses: readonly Address[]; length: number }) {
      const driver = end.drivers[0] ?? (await end.driver())
      for (const address of addresses) end.links.push(await exchange(driver, address, length))
    },
    /** Makes a link from each of the drivers that listen, of these numbers. */
    async exchangeFrom({
      first,
      last,
      address,
      length,
    }: {
      first: number
      last: number
      address: Address
      length: number
    }) {
      for (const driver of end.drivers.slice(first, last)) await exchange(driver, address, length)
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
