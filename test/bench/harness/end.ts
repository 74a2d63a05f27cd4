/**
 * One end of what is measured, in a process of its own: its drivers, the links it has made, and what is done with each
 * unit that arrives. The jobs share it.
 */
import { drivers } from '../drivers/index.ts'
import type { Arrived, Driver, Link, Receive, Stack } from './driver.ts'

export class End {
  readonly drivers: Driver[] = []
  readonly links: Link[] = []
  /** Set by the job at hand. */
  onUnit: Receive = () => undefined
  readonly #stack: Stack
  #cpuBefore = process.cpuUsage()

  constructor(stack: Stack) {
    this.#stack = stack
  }

  readonly receive = (arrived: Arrived, from: Link): void => {
    this.onUnit(arrived, from)
  }

  async driver(): Promise<Driver> {
    const { createDriver } = (await drivers[this.#stack.driver]?.()) ?? {}
    if (createDriver === undefined) throw new Error(`no driver ${this.#stack.driver}`)
    const driver = createDriver((this.#stack.options ?? {}) as never)
    this.drivers.push(driver)
    return driver
  }

  get link(): Link {
    const [link] = this.links
    if (link === undefined) throw new Error('not connected')
    return link
  }

  /** Whatever was measured before, it left nothing to collect. */
  startCpu(): void {
    globalThis.gc?.()
    this.#cpuBefore = process.cpuUsage()
  }

  /** Microseconds of CPU, every thread's, since startCpu. */
  cpu(): number {
    const { user, system } = process.cpuUsage(this.#cpuBefore)
    return user + system
  }

  async close(): Promise<void> {
    for (const driver of this.drivers) await driver.close()
  }
}

export const lengthOf = (arrived: Arrived): number =>
  typeof arrived === 'string' ? arrived.length : arrived.byteLength

const words =
  'All peers are equal, and none is trusted before it has shown who it is; what it says of itself is hearsay. '

/** A text of so many characters, or so many bytes. */
export const bodyOf = ({ kind, length }: UnitSpec): string | Buffer =>
  kind === 'text' ? words.repeat(Math.ceil(length / words.length)).slice(0, length) : Buffer.alloc(length, words)

/** What one unit is. */
export interface UnitSpec {
  readonly kind: 'text' | 'bytes'
  readonly length: number
}

export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })
