/**
 * `p2pnet keys new|show`: makes the key of a node that has none, and tells who it is. Neither needs the node, nor minds
 * that it runs.
 */
import { randomBytes, type KeyObject } from 'node:crypto'
import type { Command } from 'commander'
import { makeDirectory, type CommandLine, type CommandModule } from '../../../core/index.ts'
import { keyError } from './key-errors.ts'
import { keyFileIn, makeKeyFile, readKeyFile, spkiOf } from './key-file.ts'
import { keyIdOf } from './public-keys.ts'

const keys: CommandModule = {
  description: "The node's key, which is who it is: its identifier is the hash of it.",
  configure(given, line) {
    const command = given as Command
    command
      .command('new')
      .description('Makes a key, if there is none. Never writes over one.')
      .action(async () => {
        const dataDir = await line.dataDir()
        await makeDirectory(dataDir).catch((error: unknown) => {
          throw keyError('E_KEY_FILE', `the data directory ${dataDir} cannot be made`, error)
        })
        const file = keyFileIn(dataDir)
        tell(line, file, await makeKeyFile(file, randomBytes(8).toString('hex')))
      })
    command
      .command('show')
      .description('Tells the identifier and the public key. The private key stays where it is.')
      .action(async () => {
        const file = keyFileIn(await line.dataDir())
        const key = await readKeyFile(file)
        if (key === undefined) throw keyError('E_KEY_NOT_FOUND', `there is no ${file}`)
        tell(line, file, key)
      })
  },
}
export default keys

/** `publicKey`: the SPKI in base64. */
function tell(line: CommandLine, file: string, key: KeyObject): void {
  const spki = spkiOf(key)
  const publicKey = spki.toString('base64')
  const identifier = keyIdOf(spki)
  line.print(
    { identifier, publicKey, file },
    () => `identifier  ${identifier}\npublic key  ${publicKey}\nfile        ${line.printable(file)}\n`,
  )
}
