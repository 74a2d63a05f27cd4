/**
 * A file as a Node stream: opened when the stream is, and read as it was at that moment.
 */
import { Readable } from 'node:stream'
import type { ReadRange } from '../../../core/index.ts'
import { asFileError, fileError } from './file-errors.ts'

/** A version of a file, open. */
export interface OpenFile {
  readonly name: string
  readonly size: number
  /** Fills `into` if the file reaches that far. @throws P2PNetError E_FILE_IO if it ends too early */
  read(position: number, into: Uint8Array): Promise<number>
  close(): Promise<void>
}

const highWaterMark = 262_144

export function readStream(open: () => Promise<OpenFile>, { start = 0, end = Infinity }: ReadRange = {}): Readable {
  let file: OpenFile | undefined
  let position = start
  let last = end
  let busy: Promise<unknown> = Promise.resolve()

  const construct = async () => {
    if (!isOffset(start) || !(end === Infinity || isOffset(end)) || start > end)
      throw fileError('E_FILE_RANGE', `from ${String(start)} to ${String(end)} is no range of bytes`)
    file = await open()
    last = Math.min(end, file.size - 1)
  }
  const read = async (size: number): Promise<Uint8Array | null> => {
    const wanted = Math.min(size, last - position + 1)
    if (file === undefined || wanted <= 0) return null
    const buffer = Buffer.allocUnsafeSlow(wanted)
    const count = await file.read(position, buffer)
    position += count
    return buffer.subarray(0, count)
  }
  return new Readable({
    highWaterMark,
    construct(done) {
      // Whoever destroys the stream meanwhile has said why already; Node would make one error of the two.
      construct().then(
        () => {
          done()
        },
        (error: unknown) => {
          done(this.destroyed ? null : (error as Error))
        },
      )
    },
    read(size) {
      const reading = read(Math.max(size, highWaterMark))
      busy = reading.catch(() => undefined)
      reading.then(
        (bytes) => this.push(bytes),
        (error: unknown) => this.destroy(asFileError(error, 'could not read')),
      )
    },
    destroy(error, done) {
      busy
        .then(() => file?.close())
        .then(
          () => {
            done(error)
          },
          (failure: unknown) => {
            done(error ?? asFileError(failure, 'could not close'))
          },
        )
    },
  })
}

function isOffset(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
