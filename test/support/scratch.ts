/** A directory of a test's own, with the files that the test says. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

export type Files = Readonly<Record<string, string>>

export class Scratch {
  readonly path: string

  private constructor(directory: string) {
    this.path = directory
  }

  static async make(files: Files = {}): Promise<Scratch> {
    const scratch = new Scratch(await realpath(await mkdtemp(path.join(tmpdir(), 'p2pnet-'))))
    await scratch.write(files)
    return scratch
  }

  at(...parts: string[]): string {
    return path.join(this.path, ...parts)
  }

  async write(files: Files): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(this.at(name)), { recursive: true })
      await writeFile(this.at(name), text)
    }
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true })
  }
}
