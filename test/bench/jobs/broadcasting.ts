/**
 * One to many: as much as goes in a window, or so many bytes while somebody among the many never reads.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { bodyOf, nextTurn, type End, type UnitSpec } from '../harness/end.ts'
import { now, type Answers } from '../harness/worker-process.ts'
import { collectTwice, resetPeakRss } from './remembering.ts'

/** Units to each peer before the event loop gets its turn. */
const burst = 32
const payloadBytes = 65_536
/** Payloads between two looks at who can take more. */
const group = 4

export function broadcasting(end: End): Answers {
  let stuck: Socket | undefined

  const drained = (readers: number) => Promise.all(end.links.slice(0, readers).map((link) => link.drained()))
  const broadcast = (body: string | Buffer) => {
    const [driver] = end.drivers
    if (driver?.broadcast === undefined) throw new Error('this stack does not broadcast')
    driver.broadcast(body)
  }

  return {
    async fanOut({ ms, ...unit }: UnitSpec & { ms: number }) {
      const body = bodyOf(unit)
      end.startCpu()
      const startedAt = now()
      let sent = 0
      while (now() - startedAt < ms) {
        for (let i = 0; i < burst; i++, sent += end.links.length) broadcast(body)
        await nextTurn()
        await drained(end.links.length)
      }
      return { sent, startedAt }
    },

    /** Somebody who takes a connection and never reads from it. */
    listenAndNeverRead: () =>
      new Promise((resolve) => {
        const server = createServer({ pauseOnConnect: true }, (socket) => {
          stuck = socket
          socket.on('error', () => socket.destroy())
        }).unref()
        server.listen(0, '127.0.0.1', () => {
          resolve([{ host: '127.0.0.1', port: (server.address() as AddressInfo).port }])
        })
      }),
    /** It reads after all, so that it is known that something was sent to it. */
    async readAtLast() {
      let bytes = 0
      stuck?.on('data', (chunk) => (bytes += chunk.byteLength))
      stuck?.resume()
      for (let i = 0; bytes === 0 && i < 100; i++) await sleep(20)
      return bytes
    },
    /** Payloads, each of memory of its own, as fast as the first so many links take them. */
    async pour({ bytes, readers }: { bytes: number; readers: number }) {
      await collectTwice()
      resetPeakRss()
      const before = process.memoryUsage.rss()
      end.startCpu()
      const startedAt = now()
      const count = Math.ceil(bytes / payloadBytes)
      for (let i = 0; i < count; i++) {
        const payload = Buffer.allocUnsafeSlow(payloadBytes).fill('payload')
        payload.writeUInt32BE(i)
        broadcast(payload)
        if (i % group < group - 1) continue
        await nextTurn()
        await drained(readers)
      }
      return { count, startedAt, before }
    },
  }
}
