/**
 * A peer that speaks the packets of a transfer by hand, so that it can break the rules.
 */
import { definePlugin, type NetworkPacket, type PeerChannel, type Plugin } from '../../../core/index.ts'
import type { FileAnswerFields, FileChunkFields, FileOfferFields } from '../../../plugins/files/transfer/packets.ts'
import { fileAnswerSchema } from '../../../schemas/generated/file-answer.ts'
import { fileChunkSchema } from '../../../schemas/generated/file-chunk.ts'
import { fileOfferSchema } from '../../../schemas/generated/file-offer.ts'

export type TransferPacket = FileAnswerFields | FileChunkFields | FileOfferFields

/** What it has received, oldest first. */
export class RawPeer {
  readonly packets: TransferPacket[] = []
  /** Called for each; may answer. */
  onPacket: (packet: TransferPacket, channel: PeerChannel) => void = () => undefined
  /** Chunks are not taken before this has resolved: the peer reads no further. */
  hold: Promise<void> | undefined
  readonly plugin: Plugin
  #bell: (() => void)[] = []

  constructor() {
    const take = (packet: NetworkPacket, channel: PeerChannel) => {
      this.packets.push(packet as TransferPacket)
      this.onPacket(packet as TransferPacket, channel)
      for (const ring of this.#bell.splice(0)) ring()
      return 'handled' as const
    }
    const held = () => this.hold
    this.plugin = definePlugin<never>({
      name: 'raw-peer',
      version: '1.0.0',
      api: 1,
      setup(ctx) {
        ctx.packets.register('FileOffer', fileOfferSchema)
        ctx.packets.register('FileAnswer', fileAnswerSchema)
        ctx.packets.register('FileChunk', fileChunkSchema, { lane: 'bulk' })
        for (const type of ['FileOffer', 'FileAnswer'] as const) ctx.hooks.packets.received.for(type).tap(take)
        ctx.hooks.packets.received.for('FileChunk').tapPromise(async (packet, channel) => {
          await held()
          return take(packet, channel)
        })
      },
    })
  }

  /** The first packet that fits, now or later. */
  async next(fits: (packet: TransferPacket) => boolean): Promise<TransferPacket> {
    for (;;) {
      const found = this.packets.find(fits)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => this.#bell.push(resolve))
    }
  }

  async answer(transfer: string, ...states: FileAnswerFields['state'][]): Promise<FileAnswerFields> {
    const isAnswer = (packet: TransferPacket) =>
      packet.type === 'FileAnswer' &&
      packet.transfer === transfer &&
      (states.length === 0 || states.includes(packet.state))
    return (await this.next(isAnswer)) as FileAnswerFields
  }
}
