/** Somebody at the control socket who says what the test says, well-formed or not. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  readonly id: string | number | null
  readonly ok: boolean
  readonly result?: unknown
  readonly error?: { readonly code: string; readonly message: string; readonly remedy: string }
}

export class RawClient {
  readonly socket: Socket
  readonly answers: RawAnswer[] = []
  #text = ''
  #look: (() => void) | undefined

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => undefined)
    socket.on('close', () => this.#look?.())
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.#text + text).split('\n')
      this.#text = lines.pop() ?? ''
      this.answers.push(...lines.map((line) => JSON.parse(line) as RawAnswer))
      this.#look?.()
    })
  }

  static async connect(file: string): Promise<RawClient> {
    const socket = connect({ path: file, allowHalfOpen: true })
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  say(text: string | Uint8Array): void {
    this.socket.write(text)
  }

  /** Resolves with all answers once there are so many. */
  async answered(count: number): Promise<readonly RawAnswer[]> {
    while (this.answers.length < count) {
      if (this.socket.closed) throw new Error(`closed after ${String(this.answers.length)} answers`)
      await new Promise<void>((resolve) => (this.#look = resolve))
    }
    return this.answers
  }

  /** Resolves once the node has closed its side. */
  async ended(): Promise<void> {
    if (!this.socket.readableEnded && !this.socket.closed)
      await Promise.race([once(this.socket, 'end'), once(this.socket, 'close')])
  }
}
