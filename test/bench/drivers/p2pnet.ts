/**
 * p2pnet, the whole pipeline: hooks, schema, origin, admission, event. Texts as PureMessage or as a packet type of a
 * plugin's own, bytes as DataTransmission, which the receiver takes through a plugin's handler.
 */
import { borrowPieces, definePlugin, type DataType, type PeerChannel, type PeerNetwork } from 'p2pnet'
import type { Driver, Link, Receive } from '../harness/driver.ts'
import { startNode, type Security } from './p2pnet-node.ts'

interface NotePacket {
  readonly type: 'Note'
  readonly message: string
}
declare module 'p2pnet' {
  interface PacketTypes {
    Note: NotePacket
  }
}

interface Options {
  readonly wire?: 'wire-binary' | 'wire-tagged'
  readonly security?: Security
  /** What a text travels as. */
  readonly type?: 'PureMessage' | 'Note'
  /** What bytes travel as: File goes by the bulk lane and its window, MiscData with the messages. */
  readonly dataType?: DataType
  /** Bytes are handed on in one piece, or as views of what was read. */
  readonly carries?: 'pieces' | 'views'
  readonly windowBytes?: number
  /** Stores files that come, and can send some. */
  readonly files?: boolean
}

export function createDriver({
  wire = 'wire-binary',
  security = 'none',
  type,
  dataType = 'MiscData',
  carries = 'pieces',
  windowBytes,
  files,
}: Options): Driver {
  let node: PeerNetwork | undefined
  let stop: (() => Promise<void>) | undefined
  let hearHello = (): void => undefined
  const greeted = new Promise<void>((resolve) => (hearHello = resolve))
  const start = async (receive: Receive): Promise<PeerNetwork> => {
    const started = await startNode(
      [
        ...(wire === 'wire-binary' ? [] : [wire]),
        receiving(receive, linkOf, carries === 'pieces'),
        'distribution',
        ...(files === true
          ? [{ use: 'files-mapped', options: { durability: 'none' } } as const, 'files-transfer' as const]
          : []),
      ],
      { security, ...(windowBytes !== undefined && { limits: { windowBytes } }) },
    )
    stop = started.stop
    node = started.node
    node.on('message', (message, channel) => {
      if (message === hello) hearHello()
      else receive(message, linkOf(channel))
    })
    node.on('fileReceived', ({ id }) => void started.node.use('files').remove(id))
    return node
  }
  const packetOf = (body: string | Uint8Array) =>
    typeof body === 'string'
      ? ({ type: type ?? 'PureMessage', message: body } as const)
      : ({ type: 'DataTransmission', dataType, data: body } as const)
  const links = new WeakMap<PeerChannel, Link>()
  const linkOf = (channel: PeerChannel): Link => {
    let link = links.get(channel)
    if (link === undefined)
      links.set(
        channel,
        (link = {
          send: (body) => channel.post(packetOf(body)),
          drained: () => channel.drained(),
          close: () => channel.close(),
        }),
      )
    return link
  }
  return {
    async listen(receive) {
      const started = await start(receive)
      if (wire === 'wire-tagged')
        started.on('trustChanged', (channel) => {
          if (channel.trusted) greet(channel)
        })
      const [listening] = started.listening
      return { host: listening?.host ?? '', port: listening?.port ?? 0 }
    },
    async connect(address, receive) {
      const started = node ?? (await start(receive))
      const channel = await started.connect(address)
      await channel.whenTrusted()
      if (wire === 'wire-tagged') {
        greet(channel)
        await greeted
      }
      return linkOf(channel)
    },
    broadcast(body) {
      void node?.use('distribution').queuePacket(packetOf(body))
    },
    async sendFile(file) {
      const rows = await node?.use('distribution').distributeFile(file)
      const failed = rows?.find(({ ok }) => !ok)
      if (failed !== undefined) throw new Error(failed.error?.message)
    },
    async close() {
      await stop?.()
    },
  }
}

/** wire-tagged paces its writes to whoever has not shown yet that it is no C# peer: both ends say something first. */
const hello = ''

const greet = (channel: PeerChannel): boolean => channel.post({ type: 'PureMessage', message: hello })

const lengthOf = (pieces: readonly Uint8Array[]) => pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)

/** The plugin that takes packets of its own type, and payloads before anybody else works on them. */
const receiving = (receive: Receive, linkOf: (channel: PeerChannel) => Link, whole: boolean) =>
  definePlugin({
    name: 'bench-receiver',
    version: '1.0.0',
    api: 1,
    setup(ctx) {
      ctx.packets.register('Note', {
        type: 'object',
        additionalProperties: false,
        required: ['type', 'message'],
        properties: {
          type: { const: 'Note' },
          sourceOriginIdentifier: { type: 'string', maxLength: 256 },
          sourceOriginTime: { type: 'number' },
          message: { type: 'string' },
        },
      })
      ctx.hooks.packets.received.for('Note').tap(({ message }, channel) => {
        receive(message, linkOf(channel))
        return 'handled'
      })
      ctx.hooks.packets.received.for('DataTransmission').tap(
        (packet, channel) => {
          if (whole) receive(packet.data, linkOf(channel))
          else {
            const { pieces, release } = borrowPieces(packet, 'data')
            receive({ byteLength: lengthOf(pieces) }, linkOf(channel))
            release()
          }
          return 'handled'
        },
        { stage: -10 },
      )
    },
  })
