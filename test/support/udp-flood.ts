/**
 * Sends datagrams as fast as they go, from many addresses of loopback, each datagram different: as a child process of
 * the test, so that who is flooded and who floods do not share an event loop.
 */
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Flood {
  /** One of them, in base64; each sent has its number in place of the mark, so that none is a copy of another. */
  readonly template: string
  /** Bytes of the template that are replaced by digits. */
  readonly mark: string
  readonly count: number
  /** Taken in turn: 127.0.0.0/8. */
  readonly sources: readonly string[]
  readonly address: string
  readonly ports: readonly number[]
  /** Ends even if not all are sent, in ms. Default 30 s. */
  readonly withinMs?: number
}

export interface Flooded {
  readonly sent: number
  readonly bytes: number
}

/** Runs it in a process of its own, and ends with it. */
export async function floodFromOutside(flood: Flood): Promise<Flooded> {
  const self = fileURLToPath(import.meta.url)
  const child = spawn(process.execPath, [`--import=${import.meta.resolve('tsx')}`, self, JSON.stringify(flood)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH },
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`the flood ended with ${String(code)}`)
  return JSON.parse(said) as Flooded
}

export async function flood({ template, mark, count, sources, address, ports, withinMs }: Flood): Promise<Flooded> {
  const datagram = Buffer.from(template, 'base64')
  const at = datagram.indexOf(mark)
  if (at < 0) throw new Error('the template has no mark')
  const end = Date.now() + (withinMs ?? 30_000)
  const sockets = await Promise.all(
    sources.map(async (source) => {
      const socket = createSocket('udp4')
      socket.bind({ address: source, port: 0 })
      await once(socket, 'listening')
      socket.setBroadcast(true)
      return socket
    }),
  )
  let sent = 0
  let bytes = 0
  while (sent < count && Date.now() < end) {
    const batch = Math.min(500, count - sent)
    await Promise.all(
      Array.from({ length: batch }, (_, i) => {
        const copy = Buffer.from(datagram)
        copy.write(String(sent + i).padStart(mark.length, '0'), at, 'latin1')
        bytes += copy.length
        const socket = sockets[(sent + i) % sockets.length]
        const port = ports[(sent + i) % ports.length]
        return new Promise<void>((resolve) => {
          // What the system drops is dropped: a flood does not care.
          socket?.send(copy, port, address, () => {
            resolve()
          })
        })
      }),
    )
    sent += batch
  }
  for (const socket of sockets) socket.close()
  return { sent, bytes }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.stdout.write(JSON.stringify(await flood(JSON.parse(process.argv[2] ?? '{}') as Flood)))
