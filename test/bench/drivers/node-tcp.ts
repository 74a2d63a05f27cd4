/**
 * Bare Node: TCP with a length prefix, the frames of one turn in one write, JSON made and parsed for each message.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { text, type Driver } from '../harness/driver.ts'

let server: Server | undefined
let socket: Socket | undefined

export const driver: Driver = {
  listen(_work, onUnit) {
    return new Promise((resolve) => {
      server = createServer({ noDelay: true }, (incoming) => {
        let rest = Buffer.alloc(0)
        incoming.on('data', (chunk) => {
          const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
          let at = 0
          while (bytes.length - at >= 4) {
            const length = bytes.readUInt32BE(at)
            if (bytes.length - at - 4 < length) break
            const packet = JSON.parse(bytes.toString('utf8', at + 4, at + 4 + length)) as { message: string }
            if (packet.message.length === text.length) onUnit()
            at += 4 + length
          }
          rest = bytes.subarray(at)
        })
      })
      server.listen(0, '127.0.0.1', () => resolve({ host: '127.0.0.1', port: (server?.address() as AddressInfo).port }))
    })
  },

  connect(_work, { host, port }) {
    return new Promise((resolve) => {
      const out = (socket = connect({ host, port, noDelay: true }, () => {
        const slab = Buffer.allocUnsafe(262_144)
        let used = 0
        let blocked = false
        const flush = () => {
          const bytes = Buffer.from(slab.subarray(0, used))
          used = 0
          blocked = !out.write(bytes)
        }
        resolve({
          send() {
            const json = JSON.stringify({
              type: 'PureMessage',
              message: text,
              sourceOriginIdentifier: 'b94d27b9934d3e08a52e52d7da7dabfa',
              sourceOriginTime: Date.now(),
            })
            const length = Buffer.byteLength(json)
            if (used === 0) process.nextTick(flush)
            slab.writeUInt32BE(length, used)
            slab.write(json, used + 4)
            used += 4 + length
            return !blocked
          },
          drained: () =>
            new Promise((drained) => {
              if (!blocked) drained()
              else
                out.once('drain', () => {
                  blocked = false
                  drained()
                })
            }),
        })
      }))
    })
  },

  async close() {
    socket?.destroy()
    server?.close()
  },
}
