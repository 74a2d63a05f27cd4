/**
 * Part files: in a folder of their own beside the files, on the same volume, so that publication is one step of the file
 * system. Parts of a process that has ended are swept away at the next start.
 */
import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir, rm, writeFile, type FileHandle as NodeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileError } from '../shared/index.ts'

// Never over what is there, never through a link. (Windows knows no O_NOFOLLOW; a new file cannot be a link there either.)
const createOnly =
  constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | ((constants.O_NOFOLLOW as number | undefined) ?? 0)

export class PartFiles {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Makes the folder and sweeps it. @throws P2PNetError E_FILE_IO if something else has its place */
  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    if (!(await lstat(this.#folder)).isDirectory())
      throw fileError('E_FILE_IO', `${this.#folder} must be a folder, and no link`)
    const began = await this.#processStart()
    for (const name of await readdir(this.#folder)) {
      const part = path.join(this.#folder, name)
      if (await isOurs(part, name, began)) continue
      await rm(part, { force: true, recursive: true })
    }
  }

  async create(name: string): Promise<{ readonly file: NodeFile; readonly path: string }> {
    const target = path.join(this.#folder, `${String(process.pid)}-${name}`)
    return { file: await open(target, createOnly, 0o600), path: target }
  }

  /** When this process began, by the clock that the file system stamps files with. */
  async #processStart(): Promise<number> {
    const probe = path.join(this.#folder, `${String(process.pid)}-start`)
    await rm(probe, { force: true })
    await writeFile(probe, '', { flag: 'wx' })
    const { mtimeMs } = await lstat(probe)
    await rm(probe)
    return mtimeMs - process.uptime() * 1000
  }
}

/**
 * While plugins are swapped, the one that leaves still finishes its parts, in this very process: they are left alone,
 * and so is what is gone by now.
 */
async function isOurs(part: string, name: string, began: number): Promise<boolean> {
  if (!name.startsWith(`${String(process.pid)}-`)) return false
  const { mtimeMs } = await lstat(part).catch(() => ({ mtimeMs: Infinity }))
  return mtimeMs >= began
}
