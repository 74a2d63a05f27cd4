/**
 * `p2pnet start`: runs the node and tells what happens, until it is interrupted; then it stops cleanly.
 */
import type { Command } from 'commander'
import { asP2PNetError } from '../errors.ts'
import { PeerNetwork } from '../network.ts'
import type { HostCommand } from './commands.ts'
import { addListenFlags, composeOptions, type GlobalFlags, type ListenFlags } from './flags.ts'
import { report, writeJson } from './output.ts'
import { inALine, isNews, tellEvents } from './start-events.ts'
import type { Shell } from './shell.ts'

const start: HostCommand = {
  configure(command: Command, shell: Shell) {
    addListenFlags(command)
      .description(
        'Runs the node until SIGINT or SIGTERM, then stops it cleanly; a second one ends it at once.\n' +
          'With --json each line is an event: listening, peerAdded, peerRemoved, trustChanged, message, fileReceived,\n' +
          'incomingPeer, identifierChanged, pluginFailed, refused, stopped.',
      )
      .action(async () => {
        await runNode(command.optsWithGlobals<GlobalFlags & ListenFlags>(), shell)
      })
  },
}
export default start

async function runNode(flags: GlobalFlags & ListenFlags, shell: Shell): Promise<void> {
  const json = flags.json === true
  const { cwd = '', overrides = {} } = composeOptions(shell, flags)
  const network = await PeerNetwork.create(flags.config, { cwd, ...overrides })
  tellEvents(network, (event) => {
    if (json) writeJson(shell, event)
    else if (isNews(event)) shell.write(`${inALine(event)}\n`)
    if (event.event === 'pluginFailed' && event.hook === 'stop') shell.exitCode = 1
  })

  const wish = new Promise<void>((resolve) => {
    shell.onInterrupt(resolve)
    shell.onCrash((error) => {
      report(shell, asP2PNetError(error, 'E_UNEXPECTED'), json)
      shell.exitCode = 1
      resolve()
    })
  })
  const awake = setInterval(() => undefined, 2 ** 30) // a node without sockets waits for its end too
  try {
    await Promise.race([network.start(), wish])
    await wish
  } finally {
    await network.stop()
    clearInterval(awake)
  }
}
