/**
 * Bare Node: the file piped into a socket a receiver, the socket piped to disk and through SHA-256.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import path from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Address, FileDriver } from '../harness/driver.ts'

let server: Server | undefined
let addresses: readonly Address[] = []
let count = 0
let waiting: (() => void) | undefined

export const driver: FileDriver = {
  listen(directory) {
    return new Promise((resolve) => {
      server = createServer((socket) => {
        const file = path.join(directory, `file-${String(count++)}`)
        const hash = createHash('sha256')
        const hashing = new Transform({
          transform(chunk: Buffer, _encoding, done) {
            hash.update(chunk)
            done(null, chunk)
          },
        })
        void pipeline(socket, hashing, createWriteStream(file)).then(async () => {
          hash.digest('hex')
          waiting?.()
          await rm(file)
        })
      })
      server.listen(0, '127.0.0.1', () => resolve({ host: '127.0.0.1', port: (server?.address() as AddressInfo).port }))
    })
  },
  async connect(_directory, to) {
    addresses = to
  },
  async send(file) {
    await Promise.all(addresses.map(({ host, port }) => pipeline(createReadStream(file), connect({ host, port }))))
  },
  arrived: () => new Promise((resolve) => (waiting = resolve)),
  async close() {
    server?.close()
  },
}
