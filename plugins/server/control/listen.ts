/**
 * Takes the control socket's place. It is bound inside a directory that nobody else may enter, gets its mode there and is
 * then renamed: from the first moment at which anybody can see it only this user may connect, and what a dead node left
 * behind is replaced in one step.
 */
import { chmod, lstat, mkdir, rename, rm } from 'node:fs/promises'
import type { Server } from 'node:net'
import path from 'node:path'
import { messageOf, isP2PNetError } from '../../../core/index.ts'
import { connectTo, controlAddress, isFile, reach } from './address.ts'
import { controlError } from './control-errors.ts'

/**
 * Returns how to take the file away again, once the server is closed.
 * @throws P2PNetError E_CONTROL_IN_USE, E_CONTROL_SOCKET
 */
export async function listenAt(dataDir: string, server: Server): Promise<() => Promise<void>> {
  const file = controlAddress(dataDir)
  try {
    if (!isFile) {
      await listen(server, file)
      return () => Promise.resolve()
    }
    await refuseLiving(file)
    await listenPrivately(path.join(dataDir, '.control'), server, file)
    return () => rm(file, { force: true })
  } catch (error) {
    if (isP2PNetError(error)) throw error
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw inUse(file)
    throw controlError('E_CONTROL_SOCKET', `the control socket ${file} cannot be made: ${messageOf(error)}`, error)
  }
}

const inUse = (file: string) => controlError('E_CONTROL_IN_USE', `somebody answers at the control socket ${file}`)

/** A socket at which nobody answers is stale. Anything else that stands there is not ours to remove. */
async function refuseLiving(file: string): Promise<void> {
  const found = await lstat(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  })
  if (found === undefined) return
  if (!found.isSocket()) throw controlError('E_CONTROL_SOCKET', `${file} is there and is no socket`)
  const socket = await connectTo(file)
  socket?.destroy()
  if (socket !== undefined) throw inUse(file)
}

async function listenPrivately(folder: string, server: Server, file: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }) // of a node that died here
  await mkdir(folder, { mode: 0o700 })
  const own = path.join(folder, path.basename(file))
  try {
    await reach(own, (address) => listen(server, address))
    await chmod(own, 0o600)
    await rename(own, file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(address, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
