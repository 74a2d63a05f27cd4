/**
 * The three packets of a transfer:
 *
 * ```text
 * sender                                     receiver
 * FileOffer  name, size, sha256, chunkBytes  ->
 *                                            <-  FileAnswer accept | refuse
 * FileChunk  position, data   (in order)     ->
 *                                            <-  FileAnswer done | failed
 * FileAnswer cancel           (at any time)  ->
 * ```
 *
 * A transfer is known by a random word of the sender's, and by the channel: one word serves all receivers of one send, so
 * that a chunk is encoded once for all of them.
 */
import type { PluginContext } from '../../../core/index.ts'
import { fileAnswerSchema, type FileAnswerFields } from '../../../schemas/generated/file-answer.ts'
import { fileChunkSchema, type FileChunkFields } from '../../../schemas/generated/file-chunk.ts'
import { fileOfferSchema, type FileOfferFields } from '../../../schemas/generated/file-offer.ts'

export type { FileAnswerFields, FileChunkFields, FileOfferFields }

declare module '../../../core/index.ts' {
  interface PacketTypes {
    FileOffer: FileOfferFields
    FileAnswer: FileAnswerFields
    FileChunk: FileChunkFields
  }
}

export function registerPackets(packets: PluginContext['packets']): void {
  packets.register('FileOffer', fileOfferSchema)
  packets.register('FileAnswer', fileAnswerSchema)
  packets.register('FileChunk', fileChunkSchema, { lane: 'bulk' })
}

/** A FileAnswer, its words cut to what the packet may hold. */
export function fileAnswer(
  transfer: string,
  state: FileAnswerFields['state'],
  why?: { readonly code: string; readonly reason: string },
): FileAnswerFields {
  if (why === undefined) return { type: 'FileAnswer', transfer, state }
  return { type: 'FileAnswer', transfer, state, code: why.code.slice(0, 64), reason: why.reason.slice(0, 1024) }
}
