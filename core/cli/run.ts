/**
 * From the words of a command line to the command: finds its name, loads it and nothing else, and turns what it throws
 * into an exit code.
 */
import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { P2PNetError } from '../errors.ts'
import { listCommands, loadCommand } from './commands.ts'
import { environmentHelp, type GlobalFlags } from './flags.ts'
import { report } from './output.ts'
import type { Shell } from './shell.ts'

const examples = `
Examples:
  p2pnet init                    write a config to start from
  p2pnet check                   is it good?
  p2pnet start                   run a node on this machine alone
  p2pnet start --lan             run a node that the LAN can reach
  p2pnet COMMAND --help          the flags of a command

The config is p2pnet.config.{ts,js,mjs,cjs,json,yaml}, .p2pnetrc{,.json,.yaml} or "p2pnet" in package.json, in this
directory or above it, up to the root of the package. Plugins that it names may bring more commands.`

/** Runs one command. Resolves with the exit code: 0 good, 1 failed, 2 wrong usage. */
export async function run(words: readonly string[], shell: Shell): Promise<number> {
  const { name, flags, rest } = preview(words)
  const json = flags.json === true
  const program = createProgram(shell, json)
  try {
    if (name === undefined) await addHelp(program)
    else await addCommand(program, name, flags, shell)
    if (name === undefined && rest.length === 0) throw wrongUsage(program, shell, json)
    await program.parseAsync(name === 'help' ? [...rest, '--help'] : [...words], { from: 'user' })
    return shell.exitCode
  } catch (error) {
    return failed(error, shell, json)
  }
}

/** What has to be known before commander can parse: which command to load, and with which config. */
function preview(words: readonly string[]): { name?: string; flags: GlobalFlags; rest: string[] } {
  const rest: string[] = []
  const flags: { config?: string; dataDir?: string; json?: boolean } = {}
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    const config = /^--config(?:=(.*))?$/s.exec(word)
    if (config !== null) flags.config = config[1] ?? words[++i] ?? ''
    else if (word === '--data-dir') i++
    else if (word === '--json') flags.json = true
    else if (!word.startsWith('--data-dir=')) rest.push(word)
  }
  const name = rest.find((word) => !word.startsWith('-'))
  if (name !== 'help') return { flags, rest, ...(name !== undefined && { name }) }
  const about = rest.filter((word) => word !== 'help' && !word.startsWith('-')).slice(0, 1)
  return { flags, rest: about, ...(about[0] !== undefined && { name: 'help' }) }
}

function createProgram(shell: Shell, json: boolean): Command {
  return new Command('p2pnet')
    .description('Runs a peer-to-peer node that is composed in a config file.')
    .usage('[flags] COMMAND')
    .option('--config <path>', 'the config file; otherwise it is searched from here upwards')
    .option('--data-dir <path>', 'where the node keeps its files (network.dataDir)')
    .option('--json', 'speak JSON on standard output, errors too')
    .helpOption('--help', 'tell how to use it')
    .helpCommand(false)
    .version(versionOf(), '--version', 'tell the version')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => { shell.write(text) },
      writeErr: (text) => { if (!json) shell.complain(text) },
    })
    .exitOverride()
}

async function addHelp(program: Command): Promise<void> {
  for (const [name, summary] of await listCommands()) program.command(name).description(summary)
  program.addHelpText('after', `${examples}\n${environmentHelp}`)
}

async function addCommand(program: Command, name: string, flags: GlobalFlags, shell: Shell): Promise<void> {
  const module = await loadCommand(name, flags, shell)
  const command = program.command(name)
  if ('description' in module) command.description(module.description)
  module.configure(command, shell)
}

function wrongUsage(program: Command, shell: Shell, json: boolean): P2PNetError {
  if (!json) shell.complain(`${program.helpInformation()}\n`)
  return new P2PNetError('E_USAGE', 'no command was given')
}

function failed(error: unknown, shell: Shell, json: boolean): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0 // help and version
    if (json) report(shell, new P2PNetError('E_USAGE', error.message.replace(/^error: /, '')), json)
    return 2
  }
  report(shell, error, json)
  return error instanceof P2PNetError && error.code === 'E_USAGE' ? 2 : 1
}

function versionOf(): string {
  return (createRequire(import.meta.url)('p2pnet/package.json') as { version: string }).version
}
