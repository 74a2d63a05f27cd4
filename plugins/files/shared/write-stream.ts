/**
 * A part as a Node stream. The stream finishes when the file is published; whatever ends it before leaves nothing behind.
 */
import { Writable } from 'node:stream'
import { P2PNetError, type FileInfo, type FileWriteStream } from '../../../core/index.ts'
import type { PartWriter } from './part-writer.ts'

/** Bytes that wait while the store writes; what has gathered goes to it at once. */
const highWaterMark = 1_048_576

type Done = (error?: Error | null) => void

export class PartStream extends Writable implements FileWriteStream {
  readonly stored: Promise<FileInfo>
  readonly #part: PartWriter
  #settle!: { resolve(info: FileInfo): void; reject(error: Error): void }

  constructor(part: PartWriter) {
    super({ highWaterMark })
    this.#part = part
    this.stored = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // The failure is told twice, by `error` and by `stored`; whoever listens to one of them need not catch the other.
    this.stored.catch(() => undefined)
    this.on('error', () => undefined)
  }

  override _construct(done: Done): void {
    // A turn later: `#part` is set only after super() has returned.
    process.nextTick(() => {
      // Whoever destroys the stream meanwhile has said why already; Node would make one error of the two.
      pass(this.#part.open(), (error) => {
        done(this.destroyed ? null : error)
      })
    })
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: Done): void {
    pass(this.#part.write([chunk]), done)
  }

  override _writev(chunks: { chunk: Uint8Array }[], done: Done): void {
    pass(this.#part.write(chunks.map(({ chunk }) => chunk)), done)
  }

  override _final(done: Done): void {
    pass(this.#part.finish(), done)
  }

  override _destroy(error: Error | null, done: Done): void {
    const end = (published: FileInfo | undefined, failure: Error | null) => {
      if (published !== undefined) this.#settle.resolve(published)
      else this.#settle.reject(failure ?? new P2PNetError('E_ABORTED', 'the stream was closed before its end'))
      done(failure)
    }
    this.#part.discard().then(
      (published) => {
        end(published, error)
      },
      (failure: unknown) => {
        end(undefined, error ?? (failure as Error))
      },
    )
  }
}

function pass(work: Promise<unknown>, done: Done): void {
  work.then(
    () => {
      done()
    },
    (error: unknown) => {
      done(error as Error)
    },
  )
}
