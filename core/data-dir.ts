/**
 * The data directory belongs to one running node at a time. A lock file says which process holds it; the lock of a
 * process that has died is taken over, by exactly one of those who want it.
 *
 * A lock appears by link(), whole or not at all. A stale one is replaced by rename(), which only the holder of the right
 * to take over this very lock may do; that right is a lock of the same kind, named after what the stale one says, so
 * that a death in the middle leaves nothing that cannot be taken over.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, link, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { P2PNetError } from './errors.ts'

export interface DataDir {
  /** Gives the directory back. Idempotent. */
  close(): Promise<void>
}

interface Holder {
  readonly pid: number
  /** When the process started, as the system counts; a pid alone may belong to somebody else by now. */
  readonly started?: string
}

/**
 * Makes the directory, readable for this user alone, and locks it.
 * @throws P2PNetError E_DATA_DIR_IN_USE naming the holder's pid, E_DATA_DIR
 */
export async function openDataDir(directory: string): Promise<DataDir> {
  try {
    await makeDirectory(directory)
    const lock = path.join(directory, 'node.lock')
    const mine = await writeTicket(directory, JSON.stringify(await thisProcess()))
    let holder: Holder | undefined
    try {
      holder = await acquire(lock, mine)
    } finally {
      await rm(mine, { force: true })
    }
    if (holder !== undefined) throw inUse(directory, holder)
    let closing: Promise<void> | undefined
    return { close: () => (closing ??= rm(lock, { force: true })) }
  } catch (error) {
    if (error instanceof P2PNetError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'it is no directory' : (code ?? message)
    throw new P2PNetError('E_DATA_DIR', `the data directory ${directory} cannot be used: ${why}`, { cause: error })
  }
}

/** Makes a directory for this user alone, and those above it. One level at a time: with `recursive`, Node 20 turns in circles where a parent has no room for children, as /proc. */
export async function makeDirectory(directory: string): Promise<void> {
  const made = () => mkdir(directory, { mode: 0o700 })
  const exists = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  }
  try {
    await made().catch(exists)
  } catch (error) {
    const parent = path.dirname(directory)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === directory) throw error
    await makeDirectory(parent)
    await made().catch(exists)
  }
}

function inUse(directory: string, { pid }: Holder): P2PNetError {
  const who = pid === process.pid ? 'another node of this process' : 'another node'
  return new P2PNetError('E_DATA_DIR_IN_USE', `${who} (pid ${String(pid)}) uses the data directory ${directory}`)
}

/** Undefined: the lock is ours now. Else who holds it, or is about to. */
async function acquire(lock: string, mine: string): Promise<Holder | undefined> {
  for (let patience = 100; ;) {
    await setImmediate()
    if (await linked(mine, lock)) return undefined
    const found = await read(lock)
    if (found === undefined) continue // given back this very moment
    const holder = parse(found)
    if (holder !== undefined && (await isAlive(holder))) return holder
    const right = `${lock}.${createHash('sha256').update(found).digest('hex').slice(0, 16)}`
    const rival = await acquire(right, mine)
    if (rival === undefined && (await takeOver(lock, found, right, mine))) return undefined
    if (rival !== undefined && --patience === 0) return rival
  }
}

/** With the right in hand nobody else replaces this lock; but it may have been replaced before. */
async function takeOver(lock: string, stale: string, right: string, mine: string): Promise<boolean> {
  try {
    const holder = parse(stale)
    const same = (await read(lock)) === stale && !(holder !== undefined && (await isAlive(holder)))
    if (!same) return false
    const copy = `${mine}.copy`
    await link(mine, copy).catch(() => copyFile(mine, copy))
    await rename(copy, lock)
    return true
  } finally {
    await rm(right, { force: true })
  }
}

/** False when somebody's lock is there. */
async function linked(mine: string, lock: string): Promise<boolean> {
  try {
    await link(mine, lock)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code === 'ENOENT') throw error
  }
  try {
    await copyFile(mine, lock, constants.COPYFILE_EXCL) // a file system without hard links
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** A file of our own that says who we are, under a name that nobody else uses. */
async function writeTicket(directory: string, text: string): Promise<string> {
  for (let n = 0; ; n++) {
    const file = path.join(directory, `node.lock.${String(process.pid)}-${String(n)}`)
    try {
      const handle = await open(file, 'wx', 0o600)
      await handle.writeFile(text)
      await handle.close()
      return file
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

async function read(lock: string): Promise<string | undefined> {
  try {
    return await readFile(lock, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Undefined for what no node has written: nobody holds that. */
function parse(text: string): Holder | undefined {
  try {
    const { pid, started } = JSON.parse(text) as Record<string, unknown>
    if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0) return undefined
    return { pid, ...(typeof started === 'string' && { started }) }
  } catch {
    return undefined // not JSON, so not a lock of ours
  }
}

async function thisProcess(): Promise<Holder> {
  const { pid } = process
  const started = (await statOf(pid))?.started
  return { pid, ...(started !== undefined && { started }) }
}

async function isAlive({ pid, started }: Holder): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false // EPERM: alive, and another user's
  }
  const stat = await statOf(pid)
  if (stat?.state === 'Z') return false // dead, and its parent has not looked yet
  return started === undefined || stat?.started === undefined || stat.started === started
}

/** State of a process, and its start in clock ticks since boot, where the system tells (fields 3 and 22 on Linux). */
async function statOf(pid: number): Promise<{ state?: string | undefined; started?: string | undefined } | undefined> {
  try {
    const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // the name before it may hold spaces and parentheses
    return { state: fields[0], started: fields[19] }
  } catch {
    return undefined // not Linux, or the process has just ended
  }
}
