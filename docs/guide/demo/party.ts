/**
 * A node of the demo as the main process sees it: a child process, asked things over its message channel.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Answers, FromNode, Questions } from './protocol.ts'

const program = fileURLToPath(new URL('node.ts', import.meta.url))

export class Party {
  identifier = ''
  /** Milliseconds since 1970. */
  startedAt = 0
  readonly #child: ChildProcess
  readonly #waiting = new Map<
    string,
    { resolve: (answer: never) => void; reject: (error: Error) => void; progress?: (value: { sent: number }) => void }
  >()
  #ended = false

  constructor(dataDir: string) {
    this.#child = fork(program, [dataDir], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#child.on('message', (message: FromNode) => {
      this.#hear(message)
    })
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`A node ended with code ${String(code)}.`))
      this.#ended = true
    })
  }

  heard(what: 'started'): Promise<Answers['started']> {
    return this.#wait(what)
  }

  ask<Q extends keyof Questions>(
    question: Q,
    details: Questions[Q],
    progress?: (value: { sent: number }) => void,
  ): Promise<Answers[Q]> {
    const answer = this.#wait(question, progress)
    this.#child.send({ question, details })
    return answer
  }

  /** Lets the node stop by itself. */
  async end(): Promise<void> {
    if (this.#ended) return
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    if (this.#child.connected) this.#child.disconnect()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000)
    await gone
    clearTimeout(timer)
  }

  #wait<A extends keyof Answers>(what: A, progress?: (value: { sent: number }) => void): Promise<Answers[A]> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(what, { resolve, reject, ...(progress !== undefined && { progress }) })
    })
  }

  #hear(message: FromNode): void {
    if (message.answer === 'progress') {
      this.#waiting.get('send')?.progress?.(message.details)
      return
    }
    if (message.answer === 'failed') {
      for (const { reject } of this.#waiting.values()) reject(new Error(message.details.message))
      return
    }
    if (message.answer === 'started') {
      this.identifier = message.details.identifier
      this.startedAt = message.details.at
    }
    this.#waiting.get(message.answer)?.resolve(message.details as never)
    this.#waiting.delete(message.answer)
  }
}
