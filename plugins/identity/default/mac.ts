/** The MAC address that goes into the identifier: that of the interface with the default route, if there is a choice. */
import { messageOf, within, type Clock, type Logger, type NetworkInterface, type Random } from '../../../core/index.ts'

export interface MacSources {
  readonly interfaces: readonly NetworkInterface[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** How long to wait for systeminformation, in ms; 0: do not ask it. */
  readonly macMs: number
  /** Name of the interface with the default route. */
  readonly defaultInterface: () => Promise<string>
}

const isReal = ({ mac, addresses }: NetworkInterface): boolean =>
  mac !== '00:00:00:00:00:00' && addresses.some(({ internal }) => !internal)

export async function findMac(sources: MacSources): Promise<string> {
  const real = sources.interfaces.filter(isReal)
  const [first] = real
  if (first === undefined) return randomMac(sources.random)
  if (real.length === 1 || sources.macMs === 0) return first.mac
  const name = await defaultRoute(sources)
  return (real.find((candidate) => candidate.name === name) ?? first).mac
}

async function defaultRoute({ clock, log, macMs, defaultInterface }: MacSources): Promise<string | undefined> {
  try {
    return await within(clock, macMs, defaultInterface(), () => new Error(`no answer within ${String(macMs)} ms`))
  } catch (error) {
    log.info('the interface with the default route is unknown; the first one is taken', { error: messageOf(error) })
    return undefined
  }
}

/** For machines with nothing but loopback: a locally administered unicast address, so that two of them differ. */
function randomMac(random: Random): string {
  const bytes = Buffer.from(random.bytes(6))
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02
  return bytes.toString('hex').replace(/..(?!$)/g, '$&:')
}

/**
 * systeminformation's cheapest answer: only the name, by one external command. Its networkInterfaces() holds the event
 * loop for as long as it takes to look at every interface, which is seconds on a machine with many.
 */
export async function defaultInterface(): Promise<string> {
  const { networkInterfaceDefault } = await import('systeminformation')
  return networkInterfaceDefault()
}
