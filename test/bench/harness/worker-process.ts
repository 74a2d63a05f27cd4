/**
 * A process that answers questions over its message channel, one at a time.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export class WorkerProcess {
  readonly #child: ChildProcess
  #settle: { resolve: (value: unknown) => void; reject: (error: Error) => void } | undefined

  constructor(program: URL, args: readonly string[]) {
    this.#child = fork(fileURLToPath(program), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child.on('message', (message: { answer?: unknown; error?: string }) => {
      if (message.error === undefined) this.#settle?.resolve(message.answer)
      else this.#settle?.reject(new Error(message.error))
    })
    this.#child.on('exit', (code) => this.#settle?.reject(new Error(`${args.join(' ')} ended with ${String(code)}`)))
  }

  ask(question: string, details: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      this.#child.send({ question, details })
    })
  }

  async close(): Promise<void> {
    this.#settle = undefined
    if (!this.#child.connected) return
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.disconnect()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3000)
    await gone
    clearTimeout(timer)
  }
}

/** The other end: answers questions, and ends when nobody asks any more. */
export function answerQuestions(
  answers: Readonly<Record<string, (details: never) => Promise<unknown>>>,
  end: () => Promise<void>,
): void {
  process.on('message', ({ question, details }: { question: string; details: never }) => {
    answers[question]?.(details).then(
      (answer) => process.send?.({ answer }),
      (error: unknown) =>
        process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
  process.once('disconnect', () => {
    void end().finally(() => process.exit())
  })
}

/** Milliseconds, the same in every process of the machine. */
export const now = (): number => performance.timeOrigin + performance.now()
