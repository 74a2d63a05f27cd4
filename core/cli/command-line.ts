/**
 * The command line as a command of a plugin sees it. Loaded with such a command only.
 */
import path from 'node:path'
import type { Command } from 'commander'
import { P2PNetError } from '../errors.ts'
import type { CommandLine } from '../host/command-line.ts'
import { composeOptions, type GlobalFlags } from './flags.ts'
import { printable } from '../printable.ts'
import { writeJson } from './output.ts'
import type { Shell } from './shell.ts'
import { table } from './table.ts'

export function commandLine(command: Command, shell: Shell): CommandLine {
  const flags = () => command.optsWithGlobals<GlobalFlags>()
  const composed = async (host?: string) => {
    const { compose } = await import('../config/compose.ts')
    return compose(flags().config, composeOptions(shell, { ...flags(), ...(host !== undefined && { host }) }))
  }
  const line: CommandLine = {
    get json() {
      return flags().json === true
    },
    get exitCode() {
      return shell.exitCode
    },
    set exitCode(code) {
      shell.exitCode = code
    },
    print(value, words) {
      if (flags().json === true) writeJson(shell, value)
      else shell.write(words())
    },
    get screen() {
      return flags().json === true ? undefined : shell.screen
    },
    resolve: (file) => path.resolve(shell.cwd, file),
    table,
    printable,
    async dataDir() {
      const { overrides } = composeOptions(shell, flags())
      const { dataDir } = overrides ?? {}
      return dataDir === undefined ? (await composed()).settings.dataDir : path.resolve(shell.cwd, dataDir)
    },
    async plugins() {
      return (await composed()).plugins.map(({ id, plugin: { name } }) => ({ id, name }))
    },
    async nodeOnPaper(host) {
      const { nodeOnPaper } = await import('./set-up.ts')
      return nodeOnPaper(await composed(host))
    },
    async ask(verb, args = {}) {
      const { loadCatalogue } = await import('../config/catalogue.ts')
      const { asks } = Object.values(await loadCatalogue()).find((builtIn) => builtIn.asks !== undefined) ?? {}
      if (asks === undefined) throw new P2PNetError('E_CAPABILITY_MISSING', 'nothing asks a running node')
      return (await asks()).askNode(line, verb, args)
    },
  }
  return line
}
