/**
 * Flags and environment: what takes the place of the config's own values, and where it came from. A flag wins over the
 * environment, which wins over the file.
 */
import { InvalidArgumentError, type Command } from 'commander'
import type { ComposeOptions } from '../config/compose.ts'
import { P2PNetError } from '../errors.ts'
import type { Shell } from './shell.ts'

/** On every command. */
export interface GlobalFlags {
  readonly config?: string
  readonly dataDir?: string
  readonly json?: boolean
}

export interface ListenFlags {
  readonly lan?: boolean
  readonly host?: string
  readonly port?: number
}

export const environmentHelp = `
Environment (a flag wins over it, it wins over the file):
  P2PNET_DATA_DIR  network.dataDir, relative to the working directory
  P2PNET_HOST      network.host
  P2PNET_PORT      network.port`

export function addListenFlags(command: Command): Command {
  const lan = command.createOption('--lan', 'listen on all interfaces, the same as --host 0.0.0.0').conflicts('host')
  return command
    .addOption(lan)
    .option('--host <address>', 'listen on this address (network.host)')
    .option('--port <number>', 'listen on this port, 0 for any free one (network.port)', portOf)
}

function portOf(text: string): number {
  const port = readPort(text)
  if (port === undefined) throw new InvalidArgumentError('It must be a number from 0 to 65535.')
  return port
}

const readPort = (text: string) => (/^\d{1,5}$/.test(text) && Number(text) <= 65535 ? Number(text) : undefined)

/** @throws P2PNetError E_CONFIG_INVALID for an environment that makes no sense */
export function composeOptions({ cwd, env }: Shell, flags: GlobalFlags & ListenFlags): ComposeOptions {
  const flag = {
    host: flags.lan === true ? '0.0.0.0' : flags.host,
    port: flags.port,
    dataDir: flags.dataDir,
  }
  const environment = {
    host: word(env.P2PNET_HOST),
    port: environmentPort(word(env.P2PNET_PORT)),
    dataDir: word(env.P2PNET_DATA_DIR),
  }
  const host = flag.host ?? environment.host
  const port = flag.port ?? environment.port
  const dataDir = flag.dataDir ?? environment.dataDir
  const from = (key: keyof typeof flag) => (flag[key] === undefined ? 'environment' : 'flag')
  return {
    cwd,
    overrides: {
      ...(host !== undefined && { host }),
      ...(port !== undefined && { port }),
      ...(dataDir !== undefined && { dataDir }),
    },
    overriddenBy: { host: from('host'), port: from('port'), dataDir: from('dataDir') },
  }
}

const word = (text: string | undefined) => (text === '' ? undefined : text)

function environmentPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = readPort(text)
  if (port !== undefined) return port
  const words = `environment: P2PNET_PORT must be a number from 0 to 65535, got ${JSON.stringify(text)}`
  throw new P2PNetError('E_CONFIG_INVALID', words, { path: '/network/port', remedy: 'Correct or unset P2PNET_PORT.' })
}
