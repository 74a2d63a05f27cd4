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
export async function run(commandLine: readonly string[], shell: Shell): Promise<number> {
  const words = withoutHelpCommand(commandLine)
  const { name, flags } = preview(words)
  const json = flags.json === true
  const program = createProgram(shell, json)
  try {
    if (name === undefined) await addHelp(program)
    else await addCommand(program, name, flags, shell)
    if (name === undefined && !words.some((word) => word.startsWith('-') && word !== '--json'))
      throw noCommand(program, shell, json)
    await program.parseAsync(words, { from: 'user' })
    return shell.exitCode
  } catch (error) {
    return failed(error, shell, json)
  }
}

/** `help start` is `start --help`. */
function withoutHelpCommand(words: readonly string[]): string[] {
  const at = words.findIndex((word) => !word.startsWith('-'))
  return words[at] === 'help' ? [...words.slice(0, at), ...words.slice(at + 1), '--help'] : [...words]
}

/** What has to be known before commander can parse: which command to load, and for those of plugins, of which config. */
function preview(words: readonly string[]): { name?: string; flags: GlobalFlags } {
  let name: string | undefined
  let config: string | undefined
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    if (word === '--config') config = words[++i]
    else if (word.startsWith('--config=')) config = word.slice('--config='.length)
    else if (word === '--data-dir') i++
    else if (!word.startsWith('-')) name ??= word
  }
  const flags = { json: words.includes('--json'), ...(config !== undefined && { config }) }
  return { flags, ...(name !== undefined && { name }) }
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
      writeOut: (text) => {
        shell.write(text)
      },
      writeErr: (text) => {
        if (!json) shell.complain(text)
      },
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
  if (!('description' in module)) {
    module.configure(command, shell)
    return
  }
  const { commandLine } = await import('./command-line.ts')
  command.description(module.description)
  module.configure(command, commandLine(command, shell))
}

function noCommand(program: Command, shell: Shell, json: boolean): P2PNetError {
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
