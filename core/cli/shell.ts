/**
 * What a command has of the process it runs in: where it was called, where its words go, and how it is told to end.
 * Tests bring their own.
 */
export interface Shell {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** To standard output, as it is. */
  write(text: string): void
  /** To standard error, as it is. */
  complain(text: string): void
  /** A terminal to draw on, if there is one: standard error. */
  readonly screen?: NodeJS.WritableStream | undefined
  /** 0 good, 1 failed, 2 wrong usage. */
  exitCode: number
  /** The operator wants an end, or nobody reads standard output any more. Once; a second signal ends the process at once. */
  onInterrupt(wish: () => void): void
  /** Something was thrown that nobody caught. */
  onCrash(crash: (error: unknown) => void): void
}

export function processShell(): Shell {
  const wishes: (() => void)[] = []
  let interruptible = false
  const signalled = () => {
    const wish = wishes.shift()
    if (wish === undefined) process.exit(1)
    wish()
  }
  process.stdout.on('error', () => {
    if (interruptible) wishes.shift()?.()
    else process.exit(1)
  })
  return {
    cwd: process.cwd(),
    env: process.env,
    write: (text) => void process.stdout.write(text),
    complain: (text) => void process.stderr.write(text),
    screen: process.stderr.isTTY ? process.stderr : undefined,
    exitCode: 0,
    onInterrupt(wish) {
      interruptible = true
      wishes.push(wish)
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, signalled)
    },
    onCrash: (crash) => void process.on('uncaughtException', crash),
  }
}
