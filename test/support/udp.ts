/** Datagram sockets on loopback for tests. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'

/** Ports that nobody has at the moment. */
export async function freeUdpPorts(count: number): Promise<number[]> {
  const sockets = await Promise.all(Array.from({ length: count }, () => bindUdp()))
  const ports = sockets.map((socket) => socket.address().port)
  for (const socket of sockets) socket.close()
  return ports
}

export async function bindUdp(options: { address?: string; port?: number; reuseAddr?: boolean } = {}): Promise<Socket> {
  const { address = '127.0.0.1', port = 0, reuseAddr = false } = options
  const socket = createSocket({ type: 'udp4', reuseAddr })
  socket.bind({ address, port })
  await once(socket, 'listening')
  socket.setBroadcast(true)
  return socket
}

export interface Heard {
  readonly bytes: Buffer
  readonly from: RemoteInfo
}

/** A socket that keeps what it hears. */
export async function listenUdp(options: Parameters<typeof bindUdp>[0]): Promise<{ socket: Socket; heard: Heard[] }> {
  const socket = await bindUdp(options)
  const heard: Heard[] = []
  socket.on('message', (bytes, from) => heard.push({ bytes, from }))
  return { socket, heard }
}

/** Resolves when the datagram has left. */
export function sendUdp(socket: Socket, bytes: Uint8Array, port: number, address = '127.255.255.255'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(bytes, port, address, (error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
}
