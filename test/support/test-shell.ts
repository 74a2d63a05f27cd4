/** A command line without a process: what a command writes is kept, and the test is the operator. */
import { run } from '../../core/cli/run.ts'
import type { Shell } from '../../core/cli/shell.ts'

export class TestShell implements Shell {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  exitCode = 0
  /** What the test draws on, if it is somebody who looks on. */
  screen: NodeJS.WritableStream | undefined
  out = ''
  err = ''
  #wish: (() => void) | undefined
  #crash: ((error: unknown) => void) | undefined
  #look: (() => void) | undefined

  constructor(cwd: string, env: Readonly<Record<string, string | undefined>> = {}) {
    this.cwd = cwd
    this.env = env
  }

  write(text: string): void {
    this.out += text
    this.#look?.()
  }

  complain(text: string): void {
    this.err += text
  }

  onInterrupt(wish: () => void): void {
    this.#wish = wish
  }

  onCrash(crash: (error: unknown) => void): void {
    this.#crash = crash
  }

  run(...words: string[]): Promise<number> {
    return run(words, this)
  }

  /** The operator presses Ctrl-C. */
  interrupt(): void {
    this.#wish?.()
  }

  /** Something is thrown that nobody catches. */
  crash(error: unknown): void {
    this.#crash?.(error)
  }

  /** Resolves once this was written. */
  async until(isSo: (out: string) => boolean): Promise<void> {
    while (!isSo(this.out)) await new Promise<void>((resolve) => (this.#look = resolve))
  }

  /** What was written, line by line, as JSON. */
  get lines(): Record<string, unknown>[] {
    const lines = this.out.split('\n').filter((line) => line !== '')
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  }
}
