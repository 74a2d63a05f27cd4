import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import type { DistributionResult, NetworkPacket, PeerChannel } from '../../../core/index.ts'
import { sha256 } from './manager-suite.ts'
import { RawPeer, type TransferPacket } from './raw-peer.ts'
import { Bench, join, type TestNode } from './two-nodes.ts'

const size = 300_000
const chunkBytes = 100_000
const bytes = randomBytes(size)
const offer = (transfer: string, changes: object = {}) =>
  ({ type: 'FileOffer', transfer, name: 'file', size, sha256: sha256(bytes), chunkBytes, ...changes }) as NetworkPacket
const chunk = (
  transfer: string,
  position: number,
  data: Uint8Array = bytes.subarray(position, position + chunkBytes),
) => ({ type: 'FileChunk', transfer, position, data }) as NetworkPacket

describe('a sender that breaks the rules', () => {
  let bench: Bench
  beforeEach(() => {
    bench = new Bench()
  })
  afterEach(() => bench.close())

  /** A sender that can do as it likes, and an honest receiver. */
  async function meet(transfer: object = {}, mapped: object = {}) {
    const raw = new RawPeer()
    const sender = await bench.node({ bare: true, plugins: [raw.plugin] })
    const receiver = await bench.node({ transfer, mapped })
    const channel = await join(sender, receiver)
    const say = async (...packets: NetworkPacket[]) => {
      for (const packet of packets) await channel.send(packet)
    }
    return { raw, receiver, channel, say }
  }
  async function nothingIsLeft(receiver: TestNode): Promise<void> {
    await receiver.network.stop()
    expect(await receiver.files()).to.deep.equal([])
    expect(await receiver.parts()).to.deep.equal([])
  }

  const offences: readonly (readonly [what: string, packets: readonly NetworkPacket[], code: string])[] = [
    ['leaves a gap', [chunk('t', 0), chunk('t', 200_000)], 'E_TRANSFER_RULES'],
    ['begins in the middle', [chunk('t', 100_000)], 'E_TRANSFER_RULES'],
    ['overlaps', [chunk('t', 0), chunk('t', 50_000)], 'E_TRANSFER_RULES'],
    ['repeats itself', [chunk('t', 0), chunk('t', 0)], 'E_TRANSFER_RULES'],
    ['sends nothing in a chunk', [chunk('t', 0, Buffer.alloc(0))], 'E_TRANSFER_RULES'],
    ['sends larger chunks than it said', [chunk('t', 0, bytes.subarray(0, chunkBytes + 1))], 'E_TRANSFER_RULES'],
    [
      'sends more than it offered',
      [
        chunk('t', 0),
        chunk('t', 100_000, randomBytes(90_000)),
        chunk('t', 190_000, randomBytes(90_000)),
        chunk('t', 280_000, randomBytes(20_001)),
      ],
      'E_FILE_SIZE',
    ],
    ['sends other bytes', [chunk('t', 0), chunk('t', 100_000), chunk('t', 200_000, randomBytes(100_000))], 'E_HASH'],
  ]
  for (const [what, packets, code] of offences)
    it(`and ${what} is cut off with ${code}; nothing stays, and it may send again`, async () => {
      const { raw, receiver, say, channel } = await meet()
      await say(offer('t'))
      expect((await raw.answer('t')).state).to.equal('accept')
      await say(...packets)
      expect(await raw.answer('t', 'failed', 'done')).to.deep.include({ state: 'failed', code })
      await say(chunk('t', 0), chunk('t', 100_000))
      expect(await receiver.files()).to.deep.equal([])

      await say(offer('again'))
      await raw.answer('again', 'accept')
      await say(chunk('again', 0), chunk('again', 100_000), chunk('again', 200_000))
      await raw.answer('again', 'done')
      expect(bytes.equals(await receiver.network.use('files').getFile('file'))).to.equal(true)
      expect(raw.packets.filter(({ transfer }) => transfer === 't').length, 'it was told twice, and no more').to.equal(
        2,
      )
      expect(receiver.network.decisions().some((decision) => decision.code === code)).to.equal(true)
      expect(channel.closed).to.equal(false)
      await receiver.network.stop()
      expect(await receiver.parts()).to.deep.equal([])
    })

  const offers: readonly (readonly [what: string, changes: object, code: string])[] = [
    ['a way up', { name: '../file' }, 'E_FILE_NAME'],
    ['a device', { name: 'NUL' }, 'E_FILE_NAME'],
    ['more than any disk holds', { size: Number.MAX_SAFE_INTEGER }, 'E_QUOTA'],
  ]
  for (const [what, changes, code] of offers)
    it(`and offers ${what} is refused with ${code}`, async () => {
      const { raw, receiver, say } = await meet()
      await say(offer('t', changes))
      expect(await raw.answer('t')).to.deep.include({ state: 'refuse', code })
      await nothingIsLeft(receiver)
    })

  it('and sends what nobody offered is told so once', async () => {
    const { raw, receiver, say } = await meet()
    await say(chunk('x', 0), chunk('x', 100_000), chunk('y', 0), offer('t'))
    await raw.answer('t')
    expect(raw.packets.map(({ transfer }) => transfer)).to.deep.equal(['x', 'y', 't'])
    expect(raw.packets[0]).to.deep.include({ state: 'failed', code: 'E_TRANSFER_RULES' })
    await nothingIsLeft(receiver)
  })

  it('and does not wait for the answer is cut off', async () => {
    const { raw, receiver, say } = await meet()
    await say(offer('t'), chunk('t', 0))
    expect(await raw.answer('t')).to.deep.include({ state: 'failed', code: 'E_TRANSFER_RULES' })
    await nothingIsLeft(receiver)
  })

  it('and offers twice under one name, or too many at once, is refused', async () => {
    const { raw, receiver, say } = await meet({ incoming: 2 })
    await say(offer('t'), offer('u', { name: 'other' }))
    await raw.answer('t', 'accept')
    await raw.answer('u', 'accept')
    await say(offer('v'), offer('t'))
    expect(await raw.answer('v')).to.deep.include({ state: 'refuse', code: 'E_LIMIT' })
    expect(await raw.answer('t', 'refuse')).to.deep.include({ code: 'E_TRANSFER_RULES' })
    await nothingIsLeft(receiver)
  })

  it('and stops is cut off after idleMs', async () => {
    const { raw, receiver, say } = await meet({ idleMs: 1000 })
    await say(offer('t'))
    await raw.answer('t', 'accept')
    await say(chunk('t', 0))
    expect(await raw.answer('t', 'failed')).to.deep.include({ code: 'E_TRANSFER_IDLE' })
    await nothingIsLeft(receiver)
  })

  const endings: readonly (readonly [what: string, end: (channel: PeerChannel) => Promise<void>])[] = [
    ['cancels', (channel) => channel.send({ type: 'FileAnswer', transfer: 't', state: 'cancel' } as NetworkPacket)],
    ['leaves', (channel) => channel.close()],
  ]
  for (const [what, end] of endings)
    it(`and ${what} in the middle leaves nothing behind`, async () => {
      const { raw, receiver, say, channel } = await meet()
      await say(offer('t'))
      await raw.answer('t', 'accept')
      await say(chunk('t', 0), chunk('t', 100_000))
      await channel.flushed()
      await end(channel)
      await until(async () => (await receiver.parts()).length === 0)
      await nothingIsLeft(receiver)
    })

  it('and leaves right after its last byte has sent a file', async () => {
    const { raw, receiver, say, channel } = await meet()
    const received = new Promise((resolve) => {
      receiver.network.on('fileReceived', resolve)
    })
    await say(offer('t'))
    await raw.answer('t', 'accept')
    await say(chunk('t', 0), chunk('t', 100_000), chunk('t', 200_000))
    await channel.flushed()
    void channel.close()
    expect(await received).to.deep.include({ name: 'file', sha256: sha256(bytes) })
  })
})

describe('a receiver that breaks the rules', () => {
  let bench: Bench
  let file: string
  beforeEach(async () => {
    bench = new Bench()
    file = path.join(await bench.folder(), 'file')
    await writeFile(file, bytes)
  })
  afterEach(() => bench.close())

  type Answering = (packet: TransferPacket, answer: (state: string, why?: object) => void, channel: PeerChannel) => void

  /** Sends to one that answers like this and to an honest one; rows in this order. */
  async function sendTo(
    answering: Answering,
    transfer: object = {},
    limits: object = {},
    raw = new RawPeer(),
  ): Promise<DistributionResult[]> {
    raw.onPacket = (packet, channel) => {
      answering(
        packet,
        (state, why = {}) => {
          channel
            .send({ type: 'FileAnswer', transfer: packet.transfer, state, ...why } as NetworkPacket)
            .catch(() => undefined)
        },
        channel,
      )
    }
    const sender = await bench.node({ transfer, limits })
    const [bad, good] = [await bench.node({ bare: true, plugins: [raw.plugin] }), await bench.node()]
    const channels = [await join(sender, bad), await join(sender, good)]
    const rows = await sender.network.use('transfer').send(file, channels)
    expect(rows[1]).to.deep.equal({ peer: good.network.identifier, ok: true })
    expect(rows[0]?.peer).to.equal(bad.network.identifier)
    return rows
  }

  const isLast = (packet: TransferPacket) =>
    packet.type === 'FileChunk' && packet.position + packet.data.byteLength === size
  const cases: readonly (readonly [what: string, answering: Answering, code: string | undefined])[] = [
    [
      'refuses',
      (packet, answer) => {
        if (packet.type === 'FileOffer') answer('refuse', { code: 'E_NO', reason: 'no' })
      },
      'E_NO',
    ],
    [
      'refuses without a word',
      (packet, answer) => {
        if (packet.type === 'FileOffer') answer('refuse')
      },
      'E_TRANSFER_FAILED',
    ],
    [
      'refuses with a code that is none',
      (packet, answer) => {
        if (packet.type === 'FileOffer') answer('refuse', { code: 'x\u001b[2J' })
      },
      'E_TRANSFER_FAILED',
    ],
    [
      'fails in the middle',
      (packet, answer) => {
        answer(packet.type === 'FileOffer' ? 'accept' : 'failed', { code: 'E_QUOTA' })
      },
      'E_QUOTA',
    ],
    [
      'has the file before it was sent',
      (packet, answer) => {
        if (packet.type === 'FileOffer') {
          answer('accept')
          answer('done')
        }
      },
      'E_TRANSFER_RULES',
    ],
    [
      'is done without accepting',
      (packet, answer) => {
        if (packet.type === 'FileOffer') answer('done')
      },
      'E_TRANSFER_RULES',
    ],
    [
      'accepts twice and is done twice',
      (packet, answer) => {
        if (packet.type === 'FileOffer') for (let i = 0; i < 2; i++) answer('accept')
        if (isLast(packet)) for (let i = 0; i < 2; i++) answer('done')
      },
      undefined,
    ],
    ['leaves at the offer', (_packet, _answer, channel) => void channel.close(), 'E_DISCONNECTED'],
    ['never answers the offer', () => undefined, 'E_TRANSFER_IDLE'],
    [
      'never says that it is done',
      (packet, answer) => {
        if (packet.type === 'FileOffer') answer('accept')
      },
      'E_TRANSFER_IDLE',
    ],
    [
      'accepts later than the others',
      (packet, answer) => {
        if (packet.type === 'FileOffer') setTimeout(answer, 700, 'accept')
        if (isLast(packet)) answer('done')
      },
      undefined,
    ],
  ]
  for (const [what, answering, code] of cases)
    it(`and ${what} has a row of its own (${code ?? 'ok'}), and the other its file`, async () => {
      const [row] = await sendTo(answering, { idleMs: 1000 })
      expect(row?.error?.code).to.equal(code)
      expect(row?.ok).to.equal(code === undefined)
      if (code !== undefined) expect(row?.error?.message).to.match(/^[^\p{Cc}]+$/u)
    })

  it('and reads no further is dropped, and the other gets its file', async () => {
    await writeFile(file, randomBytes(8_000_000))
    const raw = new RawPeer()
    let release: (() => void) | undefined
    raw.hold = new Promise((resolve) => (release = resolve))
    const accept: Answering = (packet, answer) => {
      if (packet.type === 'FileOffer') answer('accept')
    }
    const [row] = await sendTo(accept, {}, { stallMs: 500 }, raw)
    release?.()
    expect(row?.ok).to.equal(false)
    expect(row?.error?.code).to.equal('E_SLOW_PEER')
  })
})

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5))
}
