/**
 * The other end of the socket: asks the node that runs in a data directory to do one thing.
 */
import { lstat } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { messageOf, P2PNetError, systemClock, within } from '../../../core/index.ts'
import { connectTo, controlAddress, isFile } from './address.ts'
import type { Answer, News } from './answer.ts'
import { longestRequest } from './client.ts'
import { controlError } from './control-errors.ts'

/** Bytes of an answer. */
const longestAnswer = 64 * 1024 * 1024

export interface AskOptions {
  /** How long there may be no line, in ms. */
  readonly waitMs?: number
  /** Gets how it goes. Absent: the node does not tell. */
  readonly onNews?: ((news: unknown) => void) | undefined
}

/**
 * @throws P2PNetError E_NOT_RUNNING; E_CONTROL_SOCKET, E_CONTROL_REQUEST, E_CONTROL_CLOSED, E_CONTROL_TIMEOUT; what the
 * verb throws
 */
export async function ask(
  dataDir: string,
  verb: string,
  args: Readonly<Record<string, unknown>> = {},
  { waitMs = 10_000, onNews }: AskOptions = {},
): Promise<unknown> {
  const request = `${JSON.stringify({ id: 1, verb, args, ...(onNews !== undefined && { news: true }) })}\n`
  if (Buffer.byteLength(request) > longestRequest)
    throw controlError('E_CONTROL_REQUEST', `this is more than the ${String(longestRequest)} bytes of a request`)
  const socket = await open(dataDir)
  try {
    socket.write(request)
    const late = () => controlError('E_CONTROL_TIMEOUT', `the node has not answered within ${String(waitMs)} ms`)
    const nextLine = linesOf(socket)
    for (;;) {
      const answer = parse(await within(systemClock, waitMs, nextLine(), late))
      if (!('news' in answer)) return resultOf(answer)
      onNews?.(answer.news)
    }
  } finally {
    socket.destroy()
  }
}

async function open(dataDir: string): Promise<Socket> {
  const file = controlAddress(dataDir)
  let socket: Socket | undefined
  try {
    if (isFile) await refuseStranger(file)
    socket = await connectTo(file)
  } catch (error) {
    if (error instanceof P2PNetError) throw error
    throw controlError('E_CONTROL_SOCKET', `the control socket ${file} cannot be opened: ${messageOf(error)}`, error)
  }
  if (socket === undefined) throw controlError('E_NOT_RUNNING', `no node answers in ${dataDir}`)
  return socket
}

/** Somebody else's socket would hear what is asked and answer what it likes. The superuser may ask anybody. */
async function refuseStranger(file: string): Promise<void> {
  const found = await lstat(file).catch(() => undefined) // connecting says why
  const me = process.geteuid?.() ?? 0
  if (found !== undefined && me !== 0 && found.uid !== me)
    throw controlError('E_CONTROL_SOCKET', `the control socket ${file} belongs to another user`)
}

/** Each call waits for one line more. @throws P2PNetError E_CONTROL_CLOSED */
function linesOf(socket: Socket): () => Promise<string> {
  const lines: string[] = []
  let rest: Buffer[] = []
  let bytes = 0
  let look: (() => void) | undefined
  socket.on('data', (chunk: Buffer) => {
    let from = 0
    for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, from)) {
      lines.push(Buffer.concat([...rest, chunk.subarray(from, at)]).toString('utf8'))
      ;[rest, bytes, from] = [[], 0, at + 1]
    }
    rest.push(chunk.subarray(from))
    bytes += chunk.length - from
    if (bytes > longestAnswer) socket.destroy()
    look?.()
  })
  socket.on('close', () => look?.())
  return () =>
    new Promise((resolve, reject) => {
      look = () => {
        const line = lines.shift()
        if (line !== undefined) resolve(line)
        else if (socket.closed)
          reject(controlError('E_CONTROL_CLOSED', 'the node closed the connection before it answered'))
        else return
        look = undefined
      }
      look()
    })
}

function parse(line: string): Answer | News {
  try {
    const answer: unknown = JSON.parse(line)
    if (typeof answer === 'object' && answer !== null) return answer as Answer | News
  } catch {
    // said below
  }
  throw controlError('E_CONTROL_SOCKET', 'what answers at the control socket is no node')
}

function resultOf(answer: Answer): unknown {
  if (answer.ok) return answer.result
  const { code, message, remedy } = answer.error
  throw new P2PNetError(code, message, { remedy })
}
