/**
 * wire-tagged: the text format of the C# original, JSON between tags. docs/reference/wire-tagged.md describes it.
 */
import { definePlugin, type Frame } from '../../../core/index.ts'
import { wireTaggedSchema, type ResolvedWireTaggedOptions } from '../../../schemas/generated/wire-tagged.ts'
import { datagramCodec } from './datagram.ts'
import { TaggedDecoder } from './decoder.ts'
import { TaggedEncoder } from './encoder.ts'

/** What the original reads at a time, in bytes. */
const readBytes = 4096

export default definePlugin<ResolvedWireTaggedOptions>({
  name: 'wire-tagged',
  version: '0.1.0',
  api: 1,
  schema: wireTaggedSchema,
  provides: ['wire'],
  setup(ctx, { jsonDepth, paceMs }) {
    const decoding = { types: ctx.packets, jsonDepth }
    const encoder = new TaggedEncoder({ types: ctx.packets, frameBytes: ctx.settings.limits.frameBytes })
    ctx.provide('wire', {
      name: 'tagged',
      createDecoder: (limits) => new TaggedDecoder(limits, decoding),
      stamps: true,
      encode: (packet, stamp) => encoder.encode(packet, stamp),
      ...(paceMs > 0 && { pauseAfter: ({ bytes }: Frame) => Math.ceil(bytes / readBytes) * paceMs }),
      datagrams: datagramCodec(encoder, decoding),
    })
  },
})
