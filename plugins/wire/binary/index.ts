/**
 * wire-binary: length-prefixed frames that keep structured fields and raw bytes apart. layout.ts describes them.
 */
import { definePlugin } from '../../../core/index.ts'
import { wireBinarySchema, type ResolvedWireBinaryOptions } from '../../../schemas/generated/wire-binary.ts'
import { BinaryDecoder } from './decoder.ts'
import { BinaryEncoder } from './encoder.ts'

export default definePlugin<ResolvedWireBinaryOptions>({
  name: 'wire-binary',
  version: '0.1.0',
  api: 1,
  schema: wireBinarySchema,
  provides: ['wire'],
  setup(ctx, { headerBytes, jsonDepth }) {
    const { frameBytes } = ctx.settings.limits
    const decoding = { types: ctx.packets, headerBytes, jsonDepth }
    const encoder = new BinaryEncoder({
      types: ctx.packets,
      frameBytes,
      headerBytes,
      identifier: () => ctx.network.identifier,
    })
    ctx.provide('wire', {
      name: 'binary',
      createDecoder: (limits) => new BinaryDecoder(limits, decoding),
      stamps: true,
      encode: (packet, stamp) => encoder.encode(packet, stamp),
      encodeCredit: (bytes) => encoder.encodeCredit(bytes),
    })
  },
})
