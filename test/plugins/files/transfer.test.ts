import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, truncate, writeFile, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import {
  definePlugin,
  type DistributionResult,
  type FileInfo,
  type FileManager,
  type FileOffer,
  type FileVerdict,
  type FileWriteStream,
  type PeerChannel,
  type Plugin,
  type TransferProgress,
} from '../../../core/index.ts'
import { fileManager } from '../../../plugins/files/shared/index.ts'
import { badNames } from './bad-names.ts'
import { failure, sha256 } from './manager-suite.ts'
import { MemoryStore } from './memory-store.ts'
import { Bench, join, type TestNode } from './two-nodes.ts'

const chunkBytes = 64_512

describe('a file sent to peers', () => {
  let bench: Bench
  let folder: string
  beforeEach(async () => {
    bench = new Bench()
    folder = await bench.folder()
  })
  afterEach(() => bench.close())

  async function source(bytes: Uint8Array, name = 'file.bin'): Promise<string> {
    const file = path.join(folder, name)
    await writeFile(file, bytes)
    return file
  }
  const send = (from: TestNode, file: string, channels: PeerChannel[], options = {}) =>
    from.network.use('transfer').send(file, channels, options)
  const ok = (...receivers: TestNode[]) => receivers.map(({ network }) => ({ peer: network.identifier, ok: true }))
  const codes = (rows: DistributionResult[]) => rows.map(({ error }) => error?.code ?? 'ok')

  for (const size of [0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 5_000_000])
    it(`of ${String(size)} bytes arrives whole at each of two, and both ends are told`, async () => {
      const [a, b, c] = [await bench.node(), await bench.node(), await bench.node()]
      const channels = [await join(a, b), await join(a, c)]
      const bytes = randomBytes(size)
      const events: [string, FileInfo][] = []
      for (const node of [b, c])
        node.network.on('fileReceived', (info, channel) => events.push([channel.peer.identifier ?? '', info]))
      const progress: TransferProgress[] = []
      const rows = await send(a, await source(bytes), channels, {
        onProgress: (step: TransferProgress) => progress.push(step),
      })

      expect(rows).to.deep.equal(ok(b, c))
      for (const node of [b, c]) {
        expect(bytes.equals(await readFile(path.join(node.dataDir, 'files', 'file.bin')))).to.equal(true)
        expect(bytes.equals(await node.network.use('files').getFile('file.bin'))).to.equal(true)
        expect(await node.parts()).to.deep.equal([])
        const steps = progress.filter(({ peer }) => peer === node.network.identifier)
        expect(steps.map(({ sent }) => sent)).to.deep.equal(steps.map(({ sent }) => sent).sort((x, y) => x - y))
        expect(steps.at(-1)).to.deep.equal({ peer: node.network.identifier, sent: size, size })
      }
      expect(events.map(([from]) => from)).to.deep.equal([a.network.identifier, a.network.identifier])
      for (const [, info] of events)
        expect(info)
          .to.deep.include({ name: 'file.bin', size, sha256: sha256(bytes) })
          .and.have.property('id')
          .match(/^[0-9a-f]{32}$/)
    })

  it('is read once for its hash and once for all receivers', async () => {
    const nodes = [await bench.node(), await bench.node(), await bench.node(), await bench.node()]
    const channels = []
    for (const node of nodes.slice(1)) channels.push(await join(nodes[0]!, node))
    const file = await source(randomBytes(4_000_000))
    let read = 0
    const handle = await open(file)
    const prototype = Object.getPrototypeOf(handle) as FileHandle
    const original = prototype.read
    prototype.read = async function (this: FileHandle, ...args: never[]) {
      const result = await (original as (...args: never[]) => Promise<{ bytesRead: number }>).apply(this, args)
      read += result.bytesRead
      return result
    } as never
    try {
      expect(codes(await send(nodes[0]!, file, channels))).to.deep.equal(['ok', 'ok', 'ok'])
    } finally {
      prototype.read = original
      await handle.close()
    }
    expect(read).to.equal(8_000_000)
  })

  it('goes in any direction, many at once', async () => {
    const [a, b] = [await bench.node(), await bench.node()]
    const there = await join(a, b)
    const back = [...b.network.channels][0]!
    const sends = Array.from({ length: 12 }, async (_, i) => {
      const bytes = randomBytes(100_000 * i)
      const file = await source(bytes, `f${String(i)}`)
      const [from, channel, to] = i % 2 === 0 ? ([a, there, b] as const) : ([b, back, a] as const)
      expect(await send(from, file, [channel])).to.deep.equal(ok(to))
      expect(bytes.equals(await to.network.use('files').getFile(`f${String(i)}`))).to.equal(true)
    })
    await Promise.all(sends)
  })

  it('takes its name at the receivers from the sender, and keeps to their policy for duplicates', async () => {
    const [a, b, c] = [await bench.node(), await bench.node(), await bench.node({ mapped: { duplicates: 'reject' } })]
    const channels = [await join(a, b), await join(a, c)]
    const file = await source(randomBytes(10))
    expect(await send(a, file, channels, { name: 'Über.txt' })).to.deep.equal(ok(b, c))
    expect(codes(await send(a, file, channels, { name: 'über.TXT' }))).to.deep.equal(['ok', 'E_FILE_EXISTS'])
    expect(await b.files()).to.have.members(['Über.txt', 'über (2).TXT'])
    expect(await c.files()).to.deep.equal(['Über.txt'])
  })

  it('under a bad name is refused by each receiver, and lies nowhere', async () => {
    const [a, b] = [await bench.node(), await bench.node()]
    const channel = await join(a, b)
    const file = await source(randomBytes(10))
    for (const [what, name] of badNames) {
      const [row] = await send(a, file, [channel], { name })
      // The packet itself takes no empty or endless name, nor half a character.
      expect(row?.error?.code, what).to.be.oneOf(['E_FILE_NAME', 'E_PACKET_INVALID', 'E_FRAME_INVALID'])
    }
    expect(await b.files()).to.deep.equal([])
    expect(channel.closed).to.equal(false)
  })

  const refusals: readonly (readonly [what: string, node: object, code: string])[] = [
    ['above the quota', { mapped: { quota: 99 } }, 'E_QUOTA'],
    ['above the greatest size', { transfer: { maxFileBytes: 99 } }, 'E_FILE_SIZE'],
    [
      'that a plugin refuses',
      { plugins: [onOffer(() => ({ code: 'E_NO_BINARIES', reason: 'text only' }))] },
      'E_NO_BINARIES',
    ],
    [
      'on which a plugin fails',
      {
        plugins: [
          onOffer(() => {
            throw new Error('a mistake')
          }),
        ],
      },
      'E_PLUGIN_FAILED',
    ],
    ['that a plugin gives a bad name', { plugins: [onOffer(() => ({ name: '../evil' }))] }, 'E_FILE_NAME'],
  ]
  for (const [what, options, code] of refusals)
    it(`${what} is refused with ${code}, by this receiver alone`, async () => {
      const [a, b, c] = [await bench.node(), await bench.node(options), await bench.node()]
      const channels = [await join(a, b), await join(a, c)]
      const rows = await send(a, await source(randomBytes(100)), channels)
      expect(codes(rows)).to.deep.equal([code, 'ok'])
      expect(rows[0]?.error?.message).to.be.a('string').and.not.contain(b.dataDir)
      expect(await b.files()).to.deep.equal([])
      expect(await b.parts()).to.deep.equal([])
    })

  it('is stored under the name that a plugin gives it, which sees what was offered and by whom', async () => {
    const offers: [FileOffer, PeerChannel][] = []
    const plugin = onOffer((offer, channel) => {
      offers.push([offer, channel])
      return { name: 'inbox-1' }
    })
    const [a, b] = [await bench.node(), await bench.node({ plugins: [plugin] })]
    const bytes = randomBytes(100)
    expect(await send(a, await source(bytes), [await join(a, b)])).to.deep.equal(ok(b))
    expect(await b.files()).to.deep.equal(['inbox-1'])
    expect(offers[0]?.[0]).to.deep.equal({ name: 'file.bin', size: 100, sha256: sha256(bytes) })
    expect(offers[0]?.[1].peer.identifier).to.equal(a.network.identifier)
  })

  it('may be refused by all, or go to nobody', async () => {
    const [a, b] = [await bench.node(), await bench.node({ mapped: { quota: 1 } })]
    const file = await source(randomBytes(100))
    expect(codes(await send(a, file, [await join(a, b)]))).to.deep.equal(['E_QUOTA'])
    expect(await send(a, file, [])).to.deep.equal([])
  })

  it('is an error when this node cannot read it', async () => {
    const [a, b] = [await bench.node(), await bench.node()]
    const channel = await join(a, b)
    expect(await failure(send(a, path.join(folder, 'nothing'), [channel]))).to.deep.include({
      code: 'E_FILE_NOT_FOUND',
    })
    await mkdir(path.join(folder, 'folder'))
    expect(await failure(send(a, path.join(folder, 'folder'), [channel]))).to.deep.include({ code: 'E_FILE_IO' })
  })

  /** Calls back once so many bytes are on their way to somebody. */
  const after = (bytes: number, then: () => void) => {
    let called = false
    return {
      onProgress({ sent }: TransferProgress) {
        if (called || sent < bytes) return
        called = true
        then()
      },
    }
  }

  it('reaches the others when a receiver dies, and leaves nothing with it', async () => {
    const [a, b, c] = [await bench.node(), await bench.node(), await bench.node()]
    const channels = [await join(a, b), await join(a, c)]
    let stopping: Promise<void> | undefined
    const dies = after(2_000_000, () => {
      stopping = b.network.stop()
    })
    const rows = await send(a, await source(randomBytes(20_000_000)), channels, dies)
    expect(rows[1]).to.deep.equal(ok(c)[0])
    expect(rows[0]?.ok).to.equal(false)
    expect(rows[0]?.error?.code).to.be.oneOf(['E_STOPPING', 'E_DISCONNECTED', 'E_CONNECTION'])
    await stopping
    expect(await b.parts()).to.deep.equal([])
    expect(await b.files()).to.deep.equal([])
  })

  it('is given up when the sender says so: rows say E_ABORTED, receivers keep nothing, and the next one passes', async () => {
    const [a, b, c] = [await bench.node(), await bench.node(), await bench.node()]
    const channels = [await join(a, b), await join(a, c)]
    const file = await source(randomBytes(20_000_000))
    const abort = new AbortController()
    const rows = await send(a, file, channels, { ...after(2_000_000, () => abort.abort()), signal: abort.signal })
    expect(codes(rows)).to.deep.equal(['E_ABORTED', 'E_ABORTED'])
    expect(codes(await send(a, file, channels, { signal: AbortSignal.abort() }))).to.deep.equal([
      'E_ABORTED',
      'E_ABORTED',
    ])
    expect(await send(a, file, channels)).to.deep.equal(ok(b, c))
    for (const node of [b, c]) {
      expect(await node.files()).to.deep.equal(['file.bin'])
      expect(await node.parts()).to.deep.equal([])
    }
  })

  it('ends with its sender: the node stops, the rows say so, receivers keep nothing', async () => {
    const [a, b] = [await bench.node(), await bench.node()]
    const channel = await join(a, b)
    const removed = new Promise((resolve) => {
      b.network.on('peerRemoved', resolve)
    })
    let stopping: Promise<void> | undefined
    const stops = after(2_000_000, () => {
      stopping = a.network.stop()
    })
    const [code] = codes(await send(a, await source(randomBytes(20_000_000)), [channel], stops))
    expect(code).to.be.oneOf(['E_ABORTED', 'E_STOPPING'])
    await stopping
    await removed
    await b.network.stop()
    expect(await b.files()).to.deep.equal([])
    expect(await b.parts()).to.deep.equal([])
  })

  const changes: readonly (readonly [what: string, change: (file: string) => Promise<void>, code: string])[] = [
    ['became shorter', (file) => truncate(file, 3_000_000), 'E_FILE_IO'],
    [
      'was overwritten',
      async (file) => {
        const handle = await open(file, 'r+')
        await handle.write(randomBytes(1000), 0, 1000, 19_000_000)
        await handle.close()
      },
      'E_HASH',
    ],
  ]
  for (const [what, change, code] of changes)
    it(`that ${what} while it was sent is no file: ${code}`, async () => {
      const [a, b] = [
        await bench.node(),
        await bench.node({
          plugins: [
            onOffer(async () => {
              await change(file)
              return undefined
            }),
          ],
        }),
      ]
      const file = await source(randomBytes(20_000_000))
      const rows = await send(a, file, [await join(a, b)])
      expect(codes(rows)).to.deep.equal([code])
      await b.network.stop()
      expect(await b.files()).to.deep.equal([])
      expect(await b.parts()).to.deep.equal([])
    })

  it('does not mind an onProgress that throws', async () => {
    const [a, b] = [await bench.node(), await bench.node()]
    const onProgress = () => {
      throw new Error('a mistake')
    }
    expect(await send(a, await source(randomBytes(100)), [await join(a, b)], { onProgress })).to.deep.equal(ok(b))
  })

  it('fits itself into small frames and queues', async () => {
    const limits = { frameBytes: 20_000, frameBytesBeforeTrust: 20_000, outQueueBytes: 65_536, windowBytes: 65_536 }
    const [a, b] = [await bench.node({ limits }), await bench.node({ limits })]
    const channel = await join(a, b)
    const bytes = randomBytes(2_000_000)
    const sends = [1, 2, 3, 4, 5, 6].map(async (i) => send(a, await source(bytes, `f${String(i)}`), [channel]))
    for (const rows of await Promise.all(sends)) expect(rows).to.deep.equal(ok(b))
    for (const name of await b.files()) expect(bytes.equals(await b.network.use('files').getFile(name))).to.equal(true)
  })

  it('waits for a disk that stands still, and no more of it waits in memory than 4 MiB', async () => {
    const store = new MemoryStore()
    const write = store.write.bind(store)
    let go: (() => void) | undefined
    const gate = new Promise<void>((resolve) => (go = resolve))
    store.write = async (handle, position, data) => {
      await gate
      await write(handle, position, data)
    }
    const files = fileManager(store)
    let stream: FileWriteStream | undefined
    const slow = definePlugin<never>({
      name: 'slow-files',
      version: '1.0.0',
      api: 1,
      provides: ['files'],
      setup(ctx) {
        const createWriteStream: FileManager['createWriteStream'] = (...args) =>
          (stream = files.createWriteStream(...args))
        ctx.provide('files', { ...files, createWriteStream })
      },
    })
    const a = await bench.node()
    const b = await bench.node({ files: slow })
    const channels = [await join(a, b)]
    const bytes = randomBytes(15_000_000)
    const sending = send(a, await source(bytes), channels)
    const waiting = () => stream?.writableLength ?? 0
    for (let before = -1; waiting() === 0 || waiting() > before;) {
      before = waiting()
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    expect(waiting()).to.be.within(4_000_000, 5_000_000)
    go?.()
    expect(await sending).to.deep.equal(ok(b))
    expect(sha256(store.files.get('file.bin')!.bytes)).to.equal(sha256(bytes))
  })
})

function onOffer(
  answer: (offer: FileOffer, channel: PeerChannel) => FileVerdict | undefined | Promise<FileVerdict | undefined>,
): Plugin {
  return definePlugin<never>({
    name: 'on-offer',
    version: '1.0.0',
    api: 1,
    setup(ctx) {
      ctx.hooks.files.incoming.tapPromise(async (offer, channel) => answer(offer, channel))
    },
  })
}
