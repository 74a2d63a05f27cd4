/**
 * What the commands share: finding the running node, and words for people. Whatever others have a say in is made
 * printable and cut.
 */
import { isP2PNetError, type CommandLine } from '../../../core/index.ts'
import { ask, type AskOptions } from './ask.ts'
import { controlError } from './control-errors.ts'

/**
 * Has the node that runs in the data directory of these flags do something.
 * @throws P2PNetError E_NOT_RUNNING, or E_CONTROL_MISSING if it is because the config does not name server-control
 */
export async function askNode<T>(
  line: CommandLine,
  verb: string,
  args: Readonly<Record<string, unknown>> = {},
  options: AskOptions = {},
): Promise<T> {
  try {
    return (await ask(await line.dataDir(), verb, args, options)) as T
  } catch (error) {
    if (!isP2PNetError(error) || error.code !== 'E_NOT_RUNNING') throw error
    const plugins = await line.plugins().catch(() => undefined) // without a config nobody can say more
    if (plugins === undefined || plugins.some(({ name }) => name === 'server-control')) throw error
    throw controlError('E_CONTROL_MISSING', `${error.message}, and the config does not name server-control`)
  }
}

/** At most so many characters, without what a terminal would obey. */
export function words({ printable }: CommandLine, text: string, longest = 64): string {
  return printable(text.length > longest ? `${text.slice(0, longest - 1)}…` : text)
}

/** 2026-01-31 23:59:59, in the time of this machine. */
export function clockTime(ms: number): string {
  const date = new Date(ms)
  const local = new Date(ms - date.getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 19).replace('T', ' ')
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const

/** 93784000 → `1 d 2 h`. */
export function duration(ms: number): string {
  const first = Math.max(
    units.findIndex(([, size]) => ms >= size),
    0,
  )
  if (ms < 1000) return '0 s'
  return units
    .slice(first, first + 2)
    .map(([unit, size], i) => [unit, Math.floor(i === 0 ? ms / size : (ms % (units[first]?.[1] ?? 1)) / size)] as const)
    .filter(([, amount]) => amount > 0)
    .map(([unit, amount]) => `${String(amount)} ${unit}`)
    .join(' ')
}

export const place = (scheme: string, host: string, port: number) =>
  `${scheme}://${host.includes(':') ? `[${host}]` : host}:${String(port)}`

/** What --help says of PEER. */
export const peerHelp = 'an identifier or its beginning (write -- before one that starts with a dash)'
