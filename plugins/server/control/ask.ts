/**
 * The other end of the socket: asks the node that runs in a data directory to do one thing.
 */
import { lstat } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { messageOf, P2PNetError, systemClock, within } from '../../../core/index.ts'
import { connectTo, controlAddress, isFile } from './address.ts'
import type { Answer } from './answer.ts'
import { longestRequest } from './client.ts'
import { controlError } from './control-errors.ts'

/** Bytes of an answer. */
const longestAnswer = 64 * 1024 * 1024

/**
 * @throws P2PNetError E_NOT_RUNNING; E_CONTROL_SOCKET, E_CONTROL_REQUEST, E_CONTROL_CLOSED, E_CONTROL_TIMEOUT; what the
 * verb throws
 */
export async function ask(
  dataDir: string,
  verb: string,
  args: Readonly<Record<string, unknown>> = {},
  { waitMs = 10_000 } = {},
): Promise<unknown> {
  const request = `${JSON.stringify({ id: 1, verb, args })}\n`
  if (Buffer.byteLength(request) > longestRequest)
    throw controlError('E_CONTROL_REQUEST', `this is more than the ${String(longestRequest)} bytes of a request`)
  const socket = await open(dataDir)
  try {
    socket.write(request)
    const late = () => controlError('E_CONTROL_TIMEOUT', `the node has not answered within ${String(waitMs)} ms`)
    return resultOf(await within(systemClock, waitMs, firstLine(socket), late))
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

function firstLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const ended = () => {
      reject(controlError('E_CONTROL_CLOSED', 'the node closed the connection before it answered'))
    }
    if (socket.closed) ended()
    socket.on('data', (chunk: Buffer) => {
      const at = chunk.indexOf(0x0a)
      chunks.push(at === -1 ? chunk : chunk.subarray(0, at))
      bytes += chunk.length
      if (at !== -1) resolve(Buffer.concat(chunks).toString('utf8'))
      else if (bytes > longestAnswer) socket.destroy()
    })
    socket.on('close', ended)
  })
}

function resultOf(line: string): unknown {
  let answer: Answer
  try {
    answer = JSON.parse(line) as Answer
  } catch (error) {
    throw controlError('E_CONTROL_SOCKET', 'what answers at the control socket is no node', error)
  }
  if (answer.ok) return answer.result
  const { code, message, remedy } = answer.error
  throw new P2PNetError(code, message, { remedy })
}
