/**
 * `p2pnet check`: is the config good? Composes it and runs every setup, which opens nothing.
 */
import type { Command } from 'commander'
import type { HostCommand } from './commands.ts'
import { composeOptions, type GlobalFlags } from './flags.ts'
import { printable } from '../printable.ts'
import { writeJson } from './output.ts'
import { setUpOnPaper } from './set-up.ts'
import type { Shell } from './shell.ts'

const check: HostCommand = {
  configure(command: Command, shell: Shell) {
    command
      .description('Checks the config, the options of every plugin and how they fit together. Opens nothing.')
      .action(async () => {
        const flags = command.optsWithGlobals<GlobalFlags>()
        const [{ compose }, { trustReach }] = await Promise.all([
          import('../config/compose.ts'),
          import('../config/trust-reach.ts'),
        ])
        const composition = await compose(flags.config, composeOptions(shell, flags))
        const { file, plugins } = composition
        const { warning } = trustReach(plugins, setUpOnPaper(composition))
        const warnings = warning === undefined ? [] : [warning]
        if (flags.json === true) {
          writeJson(shell, { ok: true, file, plugins: plugins.map(({ id }) => id), warnings })
          return
        }
        for (const words of warnings) shell.complain(`warning: ${printable(words)}\n`)
        shell.write(`ok: ${printable(file ?? '')} composes ${String(plugins.length)} plugins\n`)
      })
  },
}
export default check
