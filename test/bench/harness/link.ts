/**
 * A sender and a receiver in two processes, driven from here: `window(ms)` sends for so long and waits until all of it
 * has arrived.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Contender } from './rounds.ts'

const worker = fileURLToPath(new URL('worker.ts', import.meta.url))

export interface WindowResult {
  readonly sent: number
  readonly startedAt: number
  readonly cpu: number
}
export interface ArrivedResult {
  readonly at: number
  readonly cpu: number
}

/** Units per second and CPU per unit of one driver, in windows of `ms`. */
export function throughput(name: string, driver: string, work: string, ms: number): Contender {
  let pair: Promise<[Worker, Worker]> | undefined
  const start = async (): Promise<[Worker, Worker]> => {
    const receiver = new Worker(driver, work)
    const sender = new Worker(driver, work)
    const address = await receiver.ask('listen', {})
    await sender.ask('connect', address)
    return [sender, receiver]
  }
  return {
    name,
    async round() {
      const [sender, receiver] = await (pair ??= start())
      await receiver.ask('reset', {})
      const window = (await sender.ask('window', { ms })) as WindowResult
      const arrived = (await receiver.ask('arrived', { count: window.sent })) as ArrivedResult
      return {
        perSecond: window.sent / ((arrived.at - window.startedAt) / 1000),
        senderCpu: window.cpu / window.sent,
        receiverCpu: arrived.cpu / window.sent,
      }
    },
    async close() {
      if (pair !== undefined) await Promise.all((await pair).map((process) => process.close()))
    },
  }
}

class Worker {
  readonly #child: ChildProcess
  #settle: { resolve: (value: unknown) => void; reject: (error: Error) => void } | undefined

  constructor(driver: string, work: string) {
    this.#child = fork(worker, [driver, work], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child.on('message', (message: { answer?: unknown; error?: string }) => {
      if (message.error === undefined) this.#settle?.resolve(message.answer)
      else this.#settle?.reject(new Error(message.error))
    })
    this.#child.on('exit', (code) => this.#settle?.reject(new Error(`${driver} ended with ${String(code)}`)))
  }

  ask(question: string, details: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      this.#child.send({ question, details })
    })
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#settle = undefined
    this.#child.disconnect()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3000)
    await gone
    clearTimeout(timer)
  }
}
