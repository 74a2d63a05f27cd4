/**
 * `p2pnet init`: writes a commented config to start from, never over one that is there.
 */
import { access, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from 'commander'
import { searchPlaces } from '../config/load.ts'
import { P2PNetError } from '../errors.ts'
import type { HostCommand } from './commands.ts'
import type { GlobalFlags } from './flags.ts'
import { configTemplate } from './init-template.ts'
import { printable } from '../printable.ts'
import { writeJson } from './output.ts'
import type { Shell } from './shell.ts'

const next = [
  ['npx p2pnet check', 'is the config good?'],
  ['npx p2pnet start', 'run the node, on this machine alone'],
  ['npx p2pnet start --lan', 'run it for the LAN'],
] as const

const init: HostCommand = {
  configure(command: Command, shell: Shell) {
    command
      .description('Writes a commented p2pnet.config.ts here (or to --config PATH), never over one that is there.')
      .action(async () => {
        const flags = command.optsWithGlobals<GlobalFlags>()
        const file = path.resolve(shell.cwd, flags.config ?? 'p2pnet.config.ts')
        if (path.extname(file) !== '.ts')
          throw new P2PNetError('E_USAGE', `init writes TypeScript, and ${file} would be something else`)
        if (flags.config === undefined) await refuseSecond(shell.cwd)
        await write(file)
        if (flags.json === true) {
          writeJson(shell, { written: file, next: next.map(([line]) => line) })
          return
        }
        const lines = next.map(([line, what]) => `  ${line.padEnd(24)} ${what}`)
        shell.write(`wrote ${printable(file)}\n\nNext:\n${lines.join('\n')}\n\n`)
        shell.write('`npm install p2pnet` beside it lets an editor complete the config; the node runs without.\n')
      })
  },
}
export default init

/** Another config in this directory would never be read again. */
async function refuseSecond(directory: string): Promise<void> {
  for (const place of searchPlaces.filter((name) => name !== 'package.json')) {
    const there = await access(path.join(directory, place)).then(
      () => true,
      () => false,
    )
    if (there) throw new P2PNetError('E_CONFIG_EXISTS', `${place} is here already`)
  }
}

async function write(file: string): Promise<void> {
  try {
    await writeFile(file, configTemplate, { flag: 'wx' })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw new P2PNetError('E_CONFIG_EXISTS', `${file} is there already`, { cause: error })
    throw new P2PNetError('E_CONFIG_NOT_FOUND', `${file} cannot be written: ${code ?? message}`, {
      remedy: 'Run it in a directory that this user can write.',
      cause: error,
    })
  }
}
