// Payloads of several peers at once, in memory that is read into again, with handlers that take their time.
import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { borrowPieces, definePlugin, piecesOf, type DataTransmissionPacket, type Plugin } from 'p2pnet'
import { connect, eventually, Nodes } from '../../support/nodes.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const hashBytes = 32

/** A payload that begins with the hash of the rest. */
function sealed(random: (below: number) => number): Buffer {
  const bytes = Buffer.alloc(hashBytes + 20_000 + random(200_000))
  for (let at = hashBytes; at < bytes.length; at += 4) bytes.fill(random(256), at, Math.min(at + 4, bytes.length))
  createHash('sha256').update(bytes.subarray(hashBytes)).digest().copy(bytes)
  return bytes
}

function isWhole(pieces: readonly Uint8Array[]): boolean {
  const bytes = Buffer.concat(pieces)
  return createHash('sha256').update(bytes.subarray(hashBytes)).digest().equals(bytes.subarray(0, hashBytes))
}

type Check = (packet: DataTransmissionPacket) => Promise<boolean> | boolean
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const checks: readonly Check[] = [
  ({ data }) => isWhole([data]),
  (packet) => {
    const { pieces, release } = borrowPieces(packet, 'data')
    const whole = isWhole(pieces)
    release()
    return whole
  },
  async (packet) => {
    const pieces = piecesOf(packet, 'data')
    await pause(3)
    return isWhole(pieces)
  },
  async (packet) => {
    const { pieces, release } = borrowPieces(packet, 'data')
    await pause(3)
    const whole = isWhole(pieces)
    release()
    return whole
  },
  async (packet) => {
    await pause(3)
    return isWhole([packet.data])
  },
]

describe('payloads of several peers at once', () => {
  const nodes = new Nodes()
  afterEach(() => nodes.clean())

  it('arrive whole, whatever handlers do with them and however long they take', async () => {
    const { next } = seededRandom(11)
    const random = (below: number) => Math.floor(next() * below)
    const verdicts: boolean[] = []
    const kept: DataTransmissionPacket[] = []
    const checker: Plugin = definePlugin({
      name: 'checker',
      version: '1.0.0',
      api: 1,
      setup(ctx) {
        ctx.hooks.packets.received.for('DataTransmission').tapPromise(
          async (packet) => {
            // Some are only looked at when everything is over.
            if (random(10) === 0) kept.push(packet)
            else verdicts.push(await checks[random(checks.length)]!(packet))
            return 'handled'
          },
          { stage: -10 },
        )
      },
    })
    const hub = await nodes.start('hub', [checker])
    const messages: string[] = []
    hub.on('message', (text) => void messages.push(text))
    const each = 40
    const senders = await Promise.all(['one', 'two', 'three'].map((name) => nodes.start(name)))
    const plans = senders.map(() => Array.from({ length: each }, () => sealed(random)))
    await Promise.all(
      senders.map(async (sender, i) => {
        const [channel] = await connect(sender, hub)
        for (const data of plans[i]!) {
          await channel.send({ type: 'DataTransmission', dataType: data[0]! % 2 === 0 ? 'File' : 'MiscData', data })
          await channel.send({ type: 'PureMessage', message: 'between' })
        }
      }),
    )
    await eventually(() => verdicts.length + kept.length === 3 * each && messages.length === 3 * each, 20_000)
    expect(verdicts.filter((whole) => !whole)).to.deep.equal([])
    expect(kept.every((packet) => isWhole([packet.data]))).to.equal(true)
  })
})
