/**
 * Where the control socket is: `control.sock` in the data directory, on Windows a named pipe that is named after the
 * directory.
 *
 * The system takes an address of some hundred bytes only (sun_path in unix(7): 108 with its end on Linux, 104 on BSD
 * and macOS). A longer one is reached through a symbolic link of one's own in the directory for temporary files; the
 * socket stays where it is.
 */
import { createHash } from 'node:crypto'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

const isWindows = process.platform === 'win32'
const longest = process.platform === 'linux' ? 107 : 103

/** @param dataDir absolute */
export function controlAddress(dataDir: string): string {
  return isWindows ? pipeOf(dataDir) : path.join(dataDir, 'control.sock')
}

/** A pipe is no file: it has no mode, no directory, and is gone with its process. */
export const isFile = !isWindows

/** Pipes have one name space, for all users and without regard to case. */
function pipeOf(dataDir: string): string {
  const name = createHash('sha256').update(dataDir.toLowerCase()).digest('hex').slice(0, 32)
  return `\\\\.\\pipe\\p2pnet-${name}`
}

/** Calls `use` with an address for this socket that the system takes, which is good until `use` has settled. */
export async function reach<T>(file: string, use: (address: string) => Promise<T>): Promise<T> {
  if (isWindows || Buffer.byteLength(file) <= longest) return use(file)
  const folder = await mkdtemp(path.join(tmpdir(), 'p2pnet-')) // for this user alone
  try {
    const link = path.join(folder, 'd')
    await symlink(path.dirname(file), link)
    return await use(path.join(link, path.basename(file)))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A connection to whoever answers there; undefined if nobody does. @throws Error of the system, for another reason */
export function connectTo(file: string): Promise<Socket | undefined> {
  return reach(
    file,
    (address) =>
      new Promise((resolve, reject) => {
        const socket = connect(address)
        socket.once('error', (error: NodeJS.ErrnoException) => {
          if (nobody.has(error.code ?? '')) resolve(undefined)
          else reject(error)
        })
        socket.once('connect', () => {
          socket.on('error', () => undefined) // 'close' follows, and whoever takes the socket listens to that
          resolve(socket)
        })
      }),
  )
}

/** ENOTSOCK is what BSD says of a plain file, ENOTDIR what there is where the data directory should be. */
const nobody = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR'])
