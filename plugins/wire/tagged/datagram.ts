/**
 * Announcements as the original broadcasts them: the JSON of an Identifier packet without any tag. It reads nothing
 * else there; a tag would end its listener.
 */
import { isUtf8 } from 'node:buffer'
import { P2PNetError, type DatagramCodec } from '../../../core/index.ts'
import { parse, type DecoderOptions } from './decoder.ts'
import type { TaggedEncoder } from './encoder.ts'
import { readPacket } from './read.ts'

export function datagramCodec(encoder: TaggedEncoder, { types, jsonDepth }: DecoderOptions): DatagramCodec {
  return {
    encode: (packet) => encoder.bare(packet),
    decode(datagram) {
      if (!isUtf8(datagram)) throw new P2PNetError('E_FRAME_INVALID', 'the datagram is no UTF-8')
      const text = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength).toString('utf8')
      return readPacket('Identifier', parse(text, 'Identifier', jsonDepth), types)
    },
  }
}
