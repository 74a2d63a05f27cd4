/** Somebody in the middle of a TCP connection, who passes on what each side says, changed or not. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface Between {
  readonly host: string
  readonly port: number
  close(): void
}

/** Frame n of either side, from 0, as it should arrive. */
export type Change = (frame: Buffer, from: 'dialler' | 'answerer', n: number) => Buffer

/** Listens for one node and dials another. Frames are those of wire-binary: a length of four bytes, then as many. */
export async function between(to: { host: string; port: number }, change: Change = (frame) => frame): Promise<Between> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const onward = connect(to)
    for (const [from, into, side] of [
      [socket, onward, 'dialler'],
      [onward, socket, 'answerer'],
    ] as const) {
      sockets.add(from)
      from.on('error', () => into.destroy())
      from.on('close', () => into.destroy())
      from.on('end', () => into.end())
      let n = 0
      let rest = Buffer.alloc(0)
      from.on('data', (chunk: Buffer) => {
        rest = Buffer.concat([rest, chunk])
        for (;;) {
          const bytes = rest.byteLength < 4 ? Infinity : rest.readUInt32BE(0) + 4
          if (rest.byteLength < bytes) return
          into.write(change(Buffer.from(rest.subarray(0, bytes)), side, n++))
          rest = rest.subarray(bytes)
        }
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
