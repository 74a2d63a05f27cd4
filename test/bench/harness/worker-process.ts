/**
 * A process that answers questions over its message channel, one at a time.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface WorkerOptions {
  /** Runs on this core alone. Needs taskset. */
  readonly core?: number | undefined
  /** Of Node, beside those of this process. */
  readonly flags?: readonly string[]
  /**
   * Keeps glibc from giving freed memory back. Otherwise it is a matter of luck whether a process gives back the memory of
   * each read and takes it again, at a page fault for every 4 KiB: the same program is then several times slower.
   */
  readonly keepsMemory?: boolean
}

/** A process that takes longer hangs: rounds are short, also on a slow machine. */
const patienceMs = 180_000

/** Of glibc's malloc; other systems ignore it. */
const keptMemory = { MALLOC_TRIM_THRESHOLD_: '1073741824', MALLOC_MMAP_THRESHOLD_: '1073741824' }

export class WorkerProcess {
  readonly #child: ChildProcess
  #settle: { resolve: (value: unknown) => void; reject: (error: Error) => void } | undefined

  constructor(program: URL, args: readonly string[], options: WorkerOptions = {}) {
    const { core, flags = [], keepsMemory = false } = options
    const node = [...process.execArgv, '--expose-gc', ...flags]
    this.#child = fork(fileURLToPath(program), args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: keepsMemory ? { ...process.env, ...keptMemory } : process.env,
      ...(core === undefined
        ? { execArgv: node }
        : { execPath: 'taskset', execArgv: ['-c', String(core), process.execPath, ...node] }),
    })
    this.#child.on('message', (message: { answer?: unknown; error?: string }) => {
      if (message.error === undefined) this.#settle?.resolve(message.answer)
      else this.#settle?.reject(new Error(message.error))
    })
    this.#child.on('exit', (code) => this.#settle?.reject(new Error(`${args.join(' ')} ended with ${String(code)}`)))
    this.#child.on('error', (error) => this.#settle?.reject(error))
  }

  async ask<T = unknown>(question: string, details: object = {}): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#settle = { resolve: resolve as (value: unknown) => void, reject }
        timer = setTimeout(() => {
          reject(new Error(`no answer to ${question} within ${String(patienceMs)} ms`))
        }, patienceMs)
        this.#child.send({ question, details })
      })
    } finally {
      clearTimeout(timer)
    }
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

export type Answers = Readonly<Record<string, (details: never) => Promise<unknown>>>

/** The other end: answers questions, and ends when nobody asks any more. */
export function answerQuestions(answers: Answers, end: () => Promise<void>): void {
  process.on('message', ({ question, details }: { question: string; details: never }) => {
    const answer = answers[question] ?? (() => Promise.reject(new Error(`nobody answers ${question}`)))
    answer(details).then(
      (answer) => process.send?.({ answer }),
      (error: unknown) =>
        process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
  process.once('disconnect', () => {
    void end().finally(() => process.exit())
  })
}

/** Milliseconds of a clock that all processes of the machine share and nobody sets. */
export const now = (): number => {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}

/** Cores this process may use, if they can be chosen: none without taskset. */
export function coresToPinTo(): readonly number[] {
  try {
    const [, list = ''] = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
    return list.split(',').flatMap((range) => {
      const [first = NaN, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, i) => first + i)
    })
  } catch {
    // No Linux: there is nothing to read, and no taskset either.
    return []
  }
}
